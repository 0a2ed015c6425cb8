// RUN: edgecc-opt %s -split-input-file -verify-diagnostics -edgecc-propagate-transposes | FileCheck %s

// Between two convolutions, elementwise operations follow the channels-last
// layout, and so do constants, a residual and a squeeze-and-excite branch.
// CHECK-LABEL: func @body
// CHECK: edge.transpose %{{.*}} [0, 2, 3, 1]
// CHECK-NOT: edge.transpose
// CHECK: edge.reduce sum(%{{.*}}) axes [1, 2]
// CHECK-NOT: edge.transpose
// CHECK: edge.add
// CHECK-NOT: edge.transpose
// CHECK: %[[Y:.*]] = edge.conv
// CHECK-NEXT: %[[R:.*]] = edge.transpose %[[Y]] [0, 3, 1, 2]
// CHECK-NEXT: return %[[R]]
func.func @body(%x: tensor<1x8x6x6xf32>, %w: tensor<1x1x8x8xf32>) -> tensor<1x8x6x6xf32> {
  %s = edge.constant dense<[[[1.0]], [[2.0]], [[3.0]], [[4.0]], [[5.0]], [[6.0]], [[7.0]], [[8.0]]]> : tensor<8x1x1xf32>
  %0 = edge.transpose %x [0, 2, 3, 1] : tensor<1x8x6x6xf32> -> tensor<1x6x6x8xf32>
  %1 = edge.conv(%0, %w) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      : (tensor<1x6x6x8xf32>, tensor<1x1x8x8xf32>) -> tensor<1x6x6x8xf32>
  %2 = edge.transpose %1 [0, 3, 1, 2] : tensor<1x6x6x8xf32> -> tensor<1x8x6x6xf32>
  %3 = edge.mul %2, %s : tensor<1x8x6x6xf32>, tensor<8x1x1xf32> -> tensor<1x8x6x6xf32>
  %4 = edge.reduce sum(%3) axes [2, 3] : (tensor<1x8x6x6xf32>) -> tensor<1x8x1x1xf32>
  %5 = edge.sigmoid %4 : tensor<1x8x1x1xf32> -> tensor<1x8x1x1xf32>
  %6 = edge.mul %3, %5 : tensor<1x8x6x6xf32>, tensor<1x8x1x1xf32> -> tensor<1x8x6x6xf32>
  %7 = edge.transpose %6 [0, 2, 3, 1] : tensor<1x8x6x6xf32> -> tensor<1x6x6x8xf32>
  %8 = edge.conv(%7, %w) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      : (tensor<1x6x6x8xf32>, tensor<1x1x8x8xf32>) -> tensor<1x6x6x8xf32>
  %9 = edge.transpose %8 [0, 3, 1, 2] : tensor<1x6x6x8xf32> -> tensor<1x8x6x6xf32>
  %10 = edge.add %9, %6 : tensor<1x8x6x6xf32>, tensor<1x8x6x6xf32> -> tensor<1x8x6x6xf32>
  %11 = edge.transpose %10 [0, 2, 3, 1] : tensor<1x8x6x6xf32> -> tensor<1x6x6x8xf32>
  %12 = edge.conv(%11, %w) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      : (tensor<1x6x6x8xf32>, tensor<1x1x8x8xf32>) -> tensor<1x6x6x8xf32>
  %13 = edge.transpose %12 [0, 3, 1, 2] : tensor<1x6x6x8xf32> -> tensor<1x8x6x6xf32>
  return %13 : tensor<1x8x6x6xf32>
}

// -----

// Movements carry their dimensions along.
// CHECK-LABEL: func @movements
// CHECK-NOT: edge.transpose
// CHECK: edge.slice %{{.*}} offsets [0, 0, 0, 2] sizes [1, 4, 5, 4] strides [1, 1, 1, 1]
// CHECK: edge.pad %{{.*}} constant low [0, 1, 2, 0] high [0, 3, 4, 0]
// CHECK: edge.softmax %{{.*}} {axis = 3 : i64}
// CHECK: edge.concat(%{{.*}}) {axis = 3 : i64}
// CHECK-NOT: edge.transpose
// CHECK: return
func.func @movements(%x: tensor<1x4x5x8xf32>) -> tensor<1x8x11x8xf32> {
  %0 = edge.transpose %x [0, 3, 1, 2] : tensor<1x4x5x8xf32> -> tensor<1x8x4x5xf32>
  %1 = edge.slice %0 offsets [0, 2, 0, 0] sizes [1, 4, 4, 5] strides [1, 1, 1, 1]
      : tensor<1x8x4x5xf32> -> tensor<1x4x4x5xf32>
  %2 = edge.pad %1 constant low [0, 0, 1, 2] high [0, 0, 3, 4]
      : tensor<1x4x4x5xf32> -> tensor<1x4x8x11xf32>
  %3 = edge.softmax %2 {axis = 1 : i64} : tensor<1x4x8x11xf32> -> tensor<1x4x8x11xf32>
  %4 = edge.concat(%2, %3) {axis = 1 : i64}
      : (tensor<1x4x8x11xf32>, tensor<1x4x8x11xf32>) -> tensor<1x8x8x11xf32>
  %5 = edge.transpose %4 [0, 2, 3, 1] : tensor<1x8x8x11xf32> -> tensor<1x8x11x8xf32>
  return %5 : tensor<1x8x11x8xf32>
}

// -----

// The channel shuffle costs one transpose of the channels.
// CHECK-LABEL: func @shuffle
// CHECK-NEXT: %[[A:.*]] = edge.reshape %{{.*}} : tensor<1x4x5x6xf32> -> tensor<1x4x5x2x3xf32>
// CHECK-NEXT: %[[B:.*]] = edge.transpose %[[A]] [0, 1, 2, 4, 3]
// CHECK-NEXT: %[[C:.*]] = edge.reshape %[[B]] : tensor<1x4x5x3x2xf32> -> tensor<1x4x5x6xf32>
// CHECK-NEXT: return %[[C]]
func.func @shuffle(%x: tensor<1x4x5x6xf32>) -> tensor<1x4x5x6xf32> {
  %0 = edge.transpose %x [0, 3, 1, 2] : tensor<1x4x5x6xf32> -> tensor<1x6x4x5xf32>
  %1 = edge.reshape %0 : tensor<1x6x4x5xf32> -> tensor<1x2x3x4x5xf32>
  %2 = edge.transpose %1 [0, 2, 1, 3, 4] : tensor<1x2x3x4x5xf32> -> tensor<1x3x2x4x5xf32>
  %3 = edge.reshape %2 : tensor<1x3x2x4x5xf32> -> tensor<1x6x4x5xf32>
  %4 = edge.transpose %3 [0, 2, 3, 1] : tensor<1x6x4x5xf32> -> tensor<1x4x5x6xf32>
  return %4 : tensor<1x4x5x6xf32>
}

// -----

// The weights behind a flattened tensor are reordered instead of the tensor.
// CHECK-LABEL: func @flatten
// CHECK-SAME: %[[X:.*]]: tensor<1x2x1x3xf32>
// CHECK-DAG: %[[W:.*]] = edge.constant dense<{{\[\[}}0.0{{.*}}], [2.0{{.*}}], [4.0{{.*}}], [1.0{{.*}}], [3.0{{.*}}], [5.0{{.*}}]]> : tensor<6x1xf32>
// CHECK-DAG: %[[F:.*]] = edge.reshape %[[X]] : tensor<1x2x1x3xf32> -> tensor<1x6xf32>
// CHECK: edge.matmul(%[[F]], %[[W]])
func.func @flatten(%x: tensor<1x2x1x3xf32>) -> tensor<1x1xf32> {
  %w = edge.constant dense<[[0.0], [1.0], [2.0], [3.0], [4.0], [5.0]]> : tensor<6x1xf32>
  %0 = edge.transpose %x [0, 3, 1, 2] : tensor<1x2x1x3xf32> -> tensor<1x3x2x1xf32>
  %1 = edge.reshape %0 : tensor<1x3x2x1xf32> -> tensor<1x6xf32>
  %2 = edge.matmul(%1, %w) : (tensor<1x6xf32>, tensor<6x1xf32>) -> tensor<1x1xf32>
  return %2 : tensor<1x1xf32>
}

// -----

// Moving dimensions of size one is a reshape; inverse pairs vanish.
// CHECK-LABEL: func @units
// CHECK-NEXT: %[[R:.*]] = edge.reshape
// CHECK-NEXT: return %[[R]]
func.func @units(%x: tensor<5x1x7xf32>) -> tensor<1x5x7xf32> {
  %0 = edge.transpose %x [1, 0, 2] : tensor<5x1x7xf32> -> tensor<1x5x7xf32>
  %1 = edge.transpose %0 [0, 2, 1] : tensor<1x5x7xf32> -> tensor<1x7x5xf32>
  %2 = edge.transpose %1 [0, 2, 1] : tensor<1x7x5xf32> -> tensor<1x5x7xf32>
  return %2 : tensor<1x5x7xf32>
}

// -----

// The narrow side of a cast is the one to transpose.
// CHECK-LABEL: func @cheapest_place
// CHECK: edge.transpose %{{.*}} : tensor<1x3x4x4xui8>
// CHECK-NOT: edge.transpose
// CHECK: edge.conv
func.func @cheapest_place(%x: tensor<1x3x4x4xui8>, %w: tensor<1x1x3x8xf32>) -> tensor<1x4x4x8xf32> {
  %0 = edge.cast %x to f32 : tensor<1x3x4x4xui8> -> tensor<1x3x4x4xf32>
  %1 = edge.transpose %0 [0, 2, 3, 1] : tensor<1x3x4x4xf32> -> tensor<1x4x4x3xf32>
  %2 = edge.conv(%1, %w) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      : (tensor<1x4x4x3xf32>, tensor<1x1x3x8xf32>) -> tensor<1x4x4x8xf32>
  return %2 : tensor<1x4x4x8xf32>
}

// -----

// What a branch takes from outside comes as it was.
// CHECK-LABEL: func @branch
// CHECK: edge.if
// CHECK: return
func.func @branch(%c: tensor<i1>, %x: tensor<1x4x4x8xf32>) -> tensor<1x8x4x4xf32> {
  %0 = edge.transpose %x [0, 3, 1, 2] : tensor<1x4x4x8xf32> -> tensor<1x8x4x4xf32>
  %1 = edge.exp %0 : tensor<1x8x4x4xf32> -> tensor<1x8x4x4xf32>
  %2 = edge.if %c -> (tensor<1x8x4x4xf32>) {
    %3 = edge.neg %1 : tensor<1x8x4x4xf32> -> tensor<1x8x4x4xf32>
    edge.yield %3 : tensor<1x8x4x4xf32>
  } else {
    edge.yield %1 : tensor<1x8x4x4xf32>
  } : tensor<i1>
  return %2 : tensor<1x8x4x4xf32>
}

// -----

func.func @other_dialect(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{expects operations of the edge dialect only}}
  %0 = math.exp %x : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// Each transpose that remains says who decides about its two sides.
// CHECK-LABEL: func @reasons
// CHECK: edge.transpose %{{.*}} [0, 2, 3, 1]
// CHECK-SAME: edge.reason = "the caller lays out input 'image', conv 'first' has one layout"
// CHECK: edge.transpose %{{.*}} [0, 3, 1, 2]
// CHECK-SAME: edge.reason = "conv 'first' has one layout, the caller lays out output 'map', 1 other use wants it as it is"
func.func @reasons(%x: tensor<1x8x6x6xf32> {edge.name = "image"}, %w: tensor<1x1x8x8xf32>)
    -> (tensor<1x8x6x6xf32> {edge.name = "map"}, tensor<1x6x6x8xf32> {edge.name = "other"}) {
  %0 = edge.clamp %x {min = 0.0 : f64, max = 6.0 : f64} : tensor<1x8x6x6xf32> -> tensor<1x8x6x6xf32>
  %1 = edge.transpose %0 [0, 2, 3, 1] : tensor<1x8x6x6xf32> -> tensor<1x6x6x8xf32>
  %2 = edge.conv(%1, %w) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      : (tensor<1x6x6x8xf32>, tensor<1x1x8x8xf32>) -> tensor<1x6x6x8xf32> loc("first")
  %3 = edge.transpose %2 [0, 3, 1, 2] : tensor<1x6x6x8xf32> -> tensor<1x8x6x6xf32>
  return %3, %2 : tensor<1x8x6x6xf32>, tensor<1x6x6x8xf32>
}

// -----

// Heads: a reshape that takes the channels apart.
// CHECK-LABEL: func @heads
// CHECK: edge.transpose
// CHECK-SAME: edge.reason = "reshape 'split' {{.*}}matmul 'scores' has one layout
func.func @heads(%x: tensor<1x16x24xf32>, %y: tensor<1x4x6x16xf32>) -> tensor<1x4x16x16xf32> {
  %0 = edge.reshape %x : tensor<1x16x24xf32> -> tensor<1x16x4x6xf32> loc("split")
  %1 = edge.transpose %0 [0, 2, 1, 3] : tensor<1x16x4x6xf32> -> tensor<1x4x16x6xf32>
  %2 = edge.matmul(%1, %y) : (tensor<1x4x16x6xf32>, tensor<1x4x6x16xf32>) -> tensor<1x4x16x16xf32> loc("scores")
  return %2 : tensor<1x4x16x16xf32>
}
