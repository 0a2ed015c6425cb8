// RUN: edgecc-opt %s -edgecc-decompose-conv-transpose | FileCheck %s

// Kernel and stride of two: four phases, no border, nothing to crop.
// CHECK-LABEL: func @upsample
// CHECK: %[[C:.*]] = edge.conv(%{{.*}}) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
// CHECK-SAME: -> tensor<1x4x4x64xf32>
// CHECK-NEXT: %[[S:.*]] = edge.reshape %[[C]] : tensor<1x4x4x64xf32> -> tensor<1x4x4x1x2x2x16xf32>
// CHECK-NEXT: %[[T:.*]] = edge.transpose %[[S]] [0, 1, 4, 2, 5, 3, 6]
// CHECK-NEXT: %[[Y:.*]] = edge.reshape %[[T]] : {{.*}} -> tensor<1x8x8x16xf32>
// CHECK-NEXT: return %[[Y]]
func.func @upsample(%x: tensor<1x4x4x8xf32>, %w: tensor<2x2x8x16xf32>) -> tensor<1x8x8x16xf32> {
  %0 = edge.conv_transpose(%x, %w) strides [2, 2] pads_low [0, 0] pads_high [0, 0] output_padding [0, 0]
      : (tensor<1x4x4x8xf32>, tensor<2x2x8x16xf32>) -> tensor<1x8x8x16xf32>
  return %0 : tensor<1x8x8x16xf32>
}

// Known weights: y[2q] = x[q] w[0] + x[q-1] w[2], y[2q+1] = x[q] w[1]; the first
// element is cropped. The epilogue follows.
// CHECK-LABEL: func @known
// CHECK: edge.pad %{{.*}} constant low [0, 0, 0] high [1, 0, 0] : tensor<3x1x1xf32> -> tensor<4x1x1xf32>
// CHECK: %[[W:.*]] = edge.slice %{{.*}} offsets [1, 0, 0] sizes [2, 1, 2] strides [-1, 1, 1]
// CHECK: edge.conv(%{{[a-z0-9]+}}, %[[W]]) strides [1] pads_low [1] pads_high [0]
// CHECK: edge.slice %{{.*}} offsets [0, 1, 0] sizes [1, 5, 1] strides [1, 1, 1]
// CHECK: edge.map
func.func @known(%x: tensor<1x3x1xf32>) -> tensor<1x5x1xf32> {
  %w = edge.constant dense<[[[1.0]], [[2.0]], [[3.0]]]> : tensor<3x1x1xf32>
  %0 = edge.conv_transpose(%x, %w) strides [2] pads_low [1] pads_high [1] output_padding [0]
      : (tensor<1x3x1xf32>, tensor<3x1x1xf32>) -> tensor<1x5x1xf32> {
  ^bb0(%s: f32):
    %t = math.absf %s : f32
    edge.yield %t : f32
  }
  return %0 : tensor<1x5x1xf32>
}

// Depthwise, each phase is a convolution of its own, whose results lie side by
// side: y[2m] = x[m] w[1], y[2m+1] = x[m+1] w[0] + x[m] w[2].
// CHECK-LABEL: func @depthwise
// CHECK-SAME: %[[X:.*]]: tensor<1x3x2xf32>, %[[W:.*]]: tensor<3x2x1xf32>, %[[B:.*]]: tensor<2xf32>
// CHECK: %[[P:.*]] = edge.pad %[[W]] constant low [0, 0, 0] high [1, 0, 0]
// CHECK: %[[S0:.*]] = edge.slice %[[P]] offsets [3, 0, 0] sizes [2, 2, 1] strides [-2, 1, 1]
// CHECK: %[[W0:.*]] = edge.reshape %[[S0]] : tensor<2x2x1xf32> -> tensor<2x1x2xf32>
// CHECK: %[[C0:.*]] = edge.conv(%[[X]], %[[W0]], %[[B]]) strides [1] pads_low [1] pads_high [0] groups 2
// CHECK: %[[S1:.*]] = edge.slice %[[P]] offsets [2, 0, 0] sizes [2, 2, 1] strides [-2, 1, 1]
// CHECK: %[[C1:.*]] = edge.conv(%[[X]], %{{.*}}, %[[B]]) strides [1] pads_low [0] pads_high [1] groups 2
// CHECK: %[[J:.*]] = edge.concat(%[[C0]], %[[C1]]) {axis = 2 : i64}
// CHECK: %[[R:.*]] = edge.reshape %[[J]] : tensor<1x3x4xf32> -> tensor<1x6x2xf32>
// CHECK: %[[Y:.*]] = edge.slice %[[R]] offsets [0, 0, 0] sizes [1, 5, 2]
// CHECK-NEXT: return %[[Y]]
func.func @depthwise(%x: tensor<1x3x2xf32>, %w: tensor<3x2x1xf32>, %b: tensor<2xf32>) -> tensor<1x5x2xf32> {
  %0 = edge.conv_transpose(%x, %w, %b) strides [2] pads_low [1] pads_high [1] output_padding [0] groups 2
      : (tensor<1x3x2xf32>, tensor<3x2x1xf32>, tensor<2xf32>) -> tensor<1x5x2xf32>
  return %0 : tensor<1x5x2xf32>
}

// An ordinary convolution is none of its business.
// CHECK-LABEL: func @unchanged
// CHECK-NEXT: edge.conv
// CHECK-NEXT: return
func.func @unchanged(%x: tensor<1x4x4xf32>, %w: tensor<1x4x4xf32>) -> tensor<1x4x4xf32> {
  %0 = edge.conv(%x, %w) strides [1] pads_low [0] pads_high [0]
      : (tensor<1x4x4xf32>, tensor<1x4x4xf32>) -> tensor<1x4x4xf32>
  return %0 : tensor<1x4x4xf32>
}
