// RUN: edgecc-opt %s -edgecc-fold-affine | FileCheck %s

// A batch normalisation after a convolution disappears in its constants.
// CHECK-LABEL: func @batch_norm
// CHECK-DAG: %[[W:.*]] = edge.constant dense<{{.*}}2.000000e+00, 6.000000e+00{{.*}}> : tensor<1x1x1x2xf32>
// CHECK-DAG: %[[B:.*]] = edge.constant dense<[1.100000e+01, 2.300000e+01]> : tensor<2xf32>
// CHECK: %[[Y:.*]] = edge.conv(%{{.*}}, %[[W]], %[[B]])
// CHECK-NEXT: return %[[Y]]
func.func @batch_norm(%x: tensor<1x4x4x1xf32>) -> tensor<1x4x4x2xf32> {
  %w = edge.constant dense<[[[[1.0, 2.0]]]]> : tensor<1x1x1x2xf32>
  %b = edge.constant dense<[0.5, 1.0]> : tensor<2xf32>
  %s = edge.constant dense<[[[2.0, 3.0]]]> : tensor<1x1x2xf32>
  %t = edge.constant dense<[10.0, 20.0]> : tensor<2xf32>
  %0 = edge.conv(%x, %w, %b) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      : (tensor<1x4x4x1xf32>, tensor<1x1x1x2xf32>, tensor<2xf32>) -> tensor<1x4x4x2xf32>
  %1 = edge.mul %0, %s : tensor<1x4x4x2xf32>, tensor<1x1x2xf32> -> tensor<1x4x4x2xf32>
  %2 = edge.add %1, %t : tensor<1x4x4x2xf32>, tensor<2xf32> -> tensor<1x4x4x2xf32>
  return %2 : tensor<1x4x4x2xf32>
}

// Any shift per column becomes the bias of a product; a quotient scales.
// CHECK-LABEL: func @product
// CHECK-SAME: %[[X:.*]]: tensor<3x2xf32>, %[[B:.*]]: tensor<2xf32>
// CHECK: %[[W:.*]] = edge.constant dense<5.000000e-01> : tensor<2x2xf32>
// CHECK: %[[Y:.*]] = edge.matmul(%[[X]], %[[W]], %[[B]])
// CHECK-NEXT: return %[[Y]]
func.func @product(%x: tensor<3x2xf32>, %b: tensor<2xf32>) -> tensor<3x2xf32> {
  %w = edge.constant dense<1.0> : tensor<2x2xf32>
  %two = edge.constant dense<2.0> : tensor<f32>
  %0 = edge.matmul(%x, %w) : (tensor<3x2xf32>, tensor<2x2xf32>) -> tensor<3x2xf32>
  %1 = edge.div %0, %two : tensor<3x2xf32>, tensor<f32> -> tensor<3x2xf32>
  %2 = edge.add %b, %1 : tensor<2xf32>, tensor<3x2xf32> -> tensor<3x2xf32>
  return %2 : tensor<3x2xf32>
}

// The weights of a grouped transposed convolution hold the groups in the rows.
// CHECK-LABEL: func @grouped
// CHECK: %[[W:.*]] = edge.constant dense<{{\[\[}}[2.0{{.*}}], [3.0{{.*}}]]]> : tensor<1x2x1xf32>
// CHECK: edge.conv_transpose(%{{.*}}, %[[W]])
func.func @grouped(%x: tensor<1x4x2xf32>) -> tensor<1x4x2xf32> {
  %w = edge.constant dense<1.0> : tensor<1x2x1xf32>
  %s = edge.constant dense<[2.0, 3.0]> : tensor<2xf32>
  %0 = edge.conv_transpose(%x, %w) strides [1] pads_low [0] pads_high [0] output_padding [0] groups 2
      : (tensor<1x4x2xf32>, tensor<1x2x1xf32>) -> tensor<1x4x2xf32>
  %1 = edge.mul %0, %s : tensor<1x4x2xf32>, tensor<2xf32> -> tensor<1x4x2xf32>
  return %1 : tensor<1x4x2xf32>
}

// The scales of an attention meet behind its product.
// CHECK-LABEL: func @attention
// CHECK-SAME: %[[Q:.*]]: tensor<2x3xf32>, %[[K:.*]]: tensor<3x2xf32>
// CHECK: %[[C:.*]] = edge.constant dense<2.500000e-01> : tensor<f32>
// CHECK-NEXT: %[[P:.*]] = edge.matmul(%[[Q]], %[[K]])
// CHECK-NEXT: %[[Y:.*]] = edge.mul %[[P]], %[[C]]
// CHECK-NEXT: return %[[Y]]
func.func @attention(%q: tensor<2x3xf32>, %k: tensor<3x2xf32>) -> tensor<2x2xf32> {
  %c = edge.constant dense<0.5> : tensor<1x1xf32>
  %0 = edge.mul %q, %c : tensor<2x3xf32>, tensor<1x1xf32> -> tensor<2x3xf32>
  %1 = edge.mul %c, %k : tensor<1x1xf32>, tensor<3x2xf32> -> tensor<3x2xf32>
  %2 = edge.matmul(%0, %1) : (tensor<2x3xf32>, tensor<3x2xf32>) -> tensor<2x2xf32>
  return %2 : tensor<2x2xf32>
}

// Refused: a factor per position, a factor known only at run time, weights with
// two users, a product that others read as well.
// CHECK-LABEL: func @refused
// CHECK-COUNT-4: edge.mul
func.func @refused(%x: tensor<2x2xf32>, %s: tensor<2xf32>)
    -> (tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>) {
  %v = edge.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %w = edge.constant dense<[[1.0, 2.0], [3.0, 5.0]]> : tensor<2x2xf32>
  %u = edge.constant dense<[[1.0, 2.0], [3.0, 6.0]]> : tensor<2x2xf32>
  %t = edge.constant dense<[[1.0, 2.0], [3.0, 7.0]]> : tensor<2x2xf32>
  %p = edge.constant dense<[[2.0], [3.0]]> : tensor<2x1xf32>
  %c = edge.constant dense<[4.0, 5.0]> : tensor<2xf32>
  %0 = edge.matmul(%x, %v) : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %1 = edge.mul %0, %p : tensor<2x2xf32>, tensor<2x1xf32> -> tensor<2x2xf32>
  %2 = edge.matmul(%x, %t) : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %3 = edge.mul %2, %s : tensor<2x2xf32>, tensor<2xf32> -> tensor<2x2xf32>
  %4 = edge.matmul(%x, %w) : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %5 = edge.mul %4, %c : tensor<2x2xf32>, tensor<2xf32> -> tensor<2x2xf32>
  %6 = edge.matmul(%5, %w) : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %7 = edge.matmul(%x, %u) : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %8 = edge.mul %7, %c : tensor<2x2xf32>, tensor<2xf32> -> tensor<2x2xf32>
  return %1, %3, %6, %7, %8 : tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>
}

// A squeeze-and-excite scales the rows of the weights behind it: eight pixels
// and one column.
// CHECK-LABEL: func @excite
// CHECK-SAME: %[[X:.*]]: tensor<1x4x2x2xf32>, %[[S:.*]]: tensor<1x1x1x2xf32>
// CHECK: %[[R:.*]] = edge.reshape %[[S]] : tensor<1x1x1x2xf32> -> tensor<2x1xf32>
// CHECK: %[[W:.*]] = edge.mul %{{.*}}, %[[R]] : tensor<1x1x2x1xf32>, tensor<2x1xf32>
// CHECK: %[[Y:.*]] = edge.conv(%[[X]], %[[W]])
// CHECK-NEXT: return %[[Y]]
func.func @excite(%x: tensor<1x4x2x2xf32>, %s: tensor<1x1x1x2xf32>) -> tensor<1x4x2x1xf32> {
  %w = edge.constant dense<[[[[1.0], [2.0]]]]> : tensor<1x1x2x1xf32>
  %0 = edge.mul %x, %s : tensor<1x4x2x2xf32>, tensor<1x1x1x2xf32> -> tensor<1x4x2x2xf32>
  %1 = edge.conv(%0, %w) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      : (tensor<1x4x2x2xf32>, tensor<1x1x2x1xf32>) -> tensor<1x4x2x1xf32>
  return %1 : tensor<1x4x2x1xf32>
}

// Fewer pixels than that are scaled themselves.
// CHECK-LABEL: func @excite_few_unchanged
// CHECK: %[[P:.*]] = edge.mul
// CHECK: edge.conv(%[[P]]
func.func @excite_few_unchanged(%x: tensor<1x2x2x2xf32>, %s: tensor<1x1x1x2xf32>) -> tensor<1x2x2x1xf32> {
  %w = edge.constant dense<[[[[1.0], [2.0]]]]> : tensor<1x1x2x1xf32>
  %0 = edge.mul %x, %s : tensor<1x2x2x2xf32>, tensor<1x1x1x2xf32> -> tensor<1x2x2x2xf32>
  %1 = edge.conv(%0, %w) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      : (tensor<1x2x2x2xf32>, tensor<1x1x2x1xf32>) -> tensor<1x2x2x1xf32>
  return %1 : tensor<1x2x2x1xf32>
}
