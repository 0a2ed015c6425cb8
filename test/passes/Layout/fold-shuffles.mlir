// RUN: edgecc-opt %s -edgecc-fold-shuffles -canonicalize | FileCheck %s

// The rows of the weights behind it change their order; a depthwise
// convolution, a border and what is known per channel do before that.
// CHECK-LABEL: func @into_rows
// CHECK-SAME: %[[X:.*]]: tensor<1x2x2x6xf32>
// CHECK-DAG: %[[S:.*]] = edge.constant dense<[0.000000e+00, 2.000000e+00, 4.000000e+00, 1.000000e+00, 3.000000e+00, 5.000000e+00]> : tensor<6xf32>
// CHECK-DAG: %[[D:.*]] = edge.constant dense<{{\[\[\[\[}}1.000000e+01, 1.200000e+01, 1.400000e+01, 1.100000e+01, 1.300000e+01, 1.500000e+01]]]]> : tensor<1x1x1x6xf32>
// CHECK-DAG: %[[W:.*]] = edge.constant dense<{{\[\[\[\[}}2.000000e+01], [2.200000e+01], [2.400000e+01], [2.100000e+01], [2.300000e+01], [2.500000e+01]]]]> : tensor<1x1x6x1xf32>
// CHECK-NOT: edge.transpose
// CHECK: %[[A:.*]] = edge.mul %[[X]], %[[S]]
// CHECK: %[[B:.*]] = edge.pad %[[A]]
// CHECK: %[[C:.*]] = edge.conv(%[[B]], %[[D]])
// CHECK: %[[Y:.*]] = edge.conv(%[[C]], %[[W]])
// CHECK-NEXT: return %[[Y]]
func.func @into_rows(%x: tensor<1x2x2x6xf32>) -> tensor<1x3x2x1xf32> {
  %s = edge.constant dense<[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]> : tensor<6xf32>
  %d = edge.constant dense<[[[[10.0, 11.0, 12.0, 13.0, 14.0, 15.0]]]]> : tensor<1x1x1x6xf32>
  %w = edge.constant dense<[[[[20.0], [21.0], [22.0], [23.0], [24.0], [25.0]]]]> : tensor<1x1x6x1xf32>
  %0 = edge.reshape %x : tensor<1x2x2x6xf32> -> tensor<1x2x2x2x3xf32>
  %1 = edge.transpose %0 [0, 1, 2, 4, 3] : tensor<1x2x2x2x3xf32> -> tensor<1x2x2x3x2xf32>
  %2 = edge.reshape %1 : tensor<1x2x2x3x2xf32> -> tensor<1x2x2x6xf32>
  %3 = edge.mul %2, %s : tensor<1x2x2x6xf32>, tensor<6xf32> -> tensor<1x2x2x6xf32>
  %4 = edge.pad %3 constant low [0, 1, 0, 0] high [0, 0, 0, 0]
      : tensor<1x2x2x6xf32> -> tensor<1x3x2x6xf32>
  %5 = edge.conv(%4, %d) strides [1, 1] pads_low [0, 0] pads_high [0, 0] groups 6
      : (tensor<1x3x2x6xf32>, tensor<1x1x1x6xf32>) -> tensor<1x3x2x6xf32>
  %6 = edge.conv(%5, %w) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      : (tensor<1x3x2x6xf32>, tensor<1x1x6x1xf32>) -> tensor<1x3x2x1xf32>
  return %6 : tensor<1x3x2x1xf32>
}

// Each of two groups reads two channels of each of two rows: a window of one by
// two over a picture of pixels by rows.
// CHECK-LABEL: func @into_groups
// CHECK-SAME: %[[X:.*]]: tensor<1x2x2x8xf32>
// CHECK: %[[W:.*]] = edge.constant dense<{{\[\[\[\[}}0.000000e+00, 1.000000e+00], [4.000000e+00, 5.000000e+00]], {{\[\[}}2.000000e+00, 3.000000e+00], [6.000000e+00, 7.000000e+00]]]]> : tensor<1x2x2x2xf32>
// CHECK-NOT: edge.transpose
// CHECK: %[[R:.*]] = edge.reshape %[[X]] : {{.*}} -> tensor<1x4x2x4xf32>
// CHECK: %[[C:.*]] = edge.conv(%[[R]], %[[W]]) strides [1, 1] pads_low [0, 0] pads_high [0, 0] groups 2 : (tensor<1x4x2x4xf32>, tensor<1x2x2x2xf32>) -> tensor<1x4x1x2xf32>
// CHECK: %[[Y:.*]] = edge.reshape %[[C]] : {{.*}} -> tensor<1x2x2x2xf32>
// CHECK-NEXT: return %[[Y]]
func.func @into_groups(%x: tensor<1x2x2x8xf32>) -> tensor<1x2x2x2xf32> {
  %w = edge.constant dense<[[[[0.0, 1.0], [2.0, 3.0], [4.0, 5.0], [6.0, 7.0]]]]> : tensor<1x1x4x2xf32>
  %0 = edge.reshape %x : tensor<1x2x2x8xf32> -> tensor<1x2x2x2x4xf32>
  %1 = edge.transpose %0 [0, 1, 2, 4, 3] : tensor<1x2x2x2x4xf32> -> tensor<1x2x2x4x2xf32>
  %2 = edge.reshape %1 : tensor<1x2x2x4x2xf32> -> tensor<1x2x2x8xf32>
  %3 = edge.conv(%2, %w) strides [1, 1] pads_low [0, 0] pads_high [0, 0] groups 2
      : (tensor<1x2x2x8xf32>, tensor<1x1x4x2xf32>) -> tensor<1x2x2x2xf32>
  return %3 : tensor<1x2x2x2xf32>
}

// The columns of the weights before it.
// CHECK-LABEL: func @into_columns
// CHECK-DAG: %[[W:.*]] = edge.constant dense<{{\[\[\[\[}}0.000000e+00, 2.000000e+00, 1.000000e+00, 3.000000e+00]]]]>
// CHECK-DAG: %[[B:.*]] = edge.constant dense<[4.000000e+00, 6.000000e+00, 5.000000e+00, 7.000000e+00]>
// CHECK: %[[C:.*]] = edge.conv(%{{.*}}, %[[W]], %[[B]])
// CHECK: %[[Y:.*]] = edge.neg %[[C]]
// CHECK-NEXT: return %[[Y]]
func.func @into_columns(%x: tensor<1x2x2x1xf32>) -> tensor<1x2x2x4xf32> {
  %w = edge.constant dense<[[[[0.0, 1.0, 2.0, 3.0]]]]> : tensor<1x1x1x4xf32>
  %b = edge.constant dense<[4.0, 5.0, 6.0, 7.0]> : tensor<4xf32>
  %0 = edge.conv(%x, %w, %b) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      : (tensor<1x2x2x1xf32>, tensor<1x1x1x4xf32>, tensor<4xf32>) -> tensor<1x2x2x4xf32>
  %1 = edge.neg %0 : tensor<1x2x2x4xf32> -> tensor<1x2x2x4xf32>
  %2 = edge.reshape %1 : tensor<1x2x2x4xf32> -> tensor<1x2x2x2x2xf32>
  %3 = edge.transpose %2 [0, 1, 2, 4, 3] : tensor<1x2x2x2x2xf32> -> tensor<1x2x2x2x2xf32>
  %4 = edge.reshape %3 : tensor<1x2x2x2x2xf32> -> tensor<1x2x2x4xf32>
  return %4 : tensor<1x2x2x4xf32>
}

// Nothing folds between two values that are not known, but fewer pixels move
// behind the stride.
// CHECK-LABEL: func @behind
// CHECK-SAME: %[[X:.*]]: tensor<1x4x4x6xf32>
// CHECK: %[[P:.*]] = edge.pool max(%[[X]])
// CHECK: %[[S:.*]] = edge.reshape %[[P]]
// CHECK: %[[T:.*]] = edge.transpose %[[S]] [0, 1, 2, 4, 3]
// CHECK: %[[Y:.*]] = edge.reshape %[[T]]
// CHECK-NEXT: return %[[Y]]
func.func @behind(%x: tensor<1x4x4x6xf32>) -> tensor<1x2x2x6xf32> {
  %0 = edge.reshape %x : tensor<1x4x4x6xf32> -> tensor<1x4x4x2x3xf32>
  %1 = edge.transpose %0 [0, 1, 2, 4, 3] : tensor<1x4x4x2x3xf32> -> tensor<1x4x4x3x2xf32>
  %2 = edge.reshape %1 : tensor<1x4x4x3x2xf32> -> tensor<1x4x4x6xf32>
  %3 = edge.pool max(%2) kernel [2, 2] strides [2, 2] pads_low [0, 0] pads_high [0, 0]
      : (tensor<1x4x4x6xf32>) -> tensor<1x2x2x6xf32>
  return %3 : tensor<1x2x2x6xf32>
}

// Three channels of two rows do not make groups of equal shares.
// CHECK-LABEL: func @uneven_unchanged
// CHECK: edge.transpose
// CHECK: edge.conv
// CHECK-SAME: groups 2 : (tensor<1x2x2x6xf32>
func.func @uneven_unchanged(%x: tensor<1x2x2x6xf32>) -> tensor<1x2x2x2xf32> {
  %w = edge.constant dense<1.0> : tensor<1x1x3x2xf32>
  %0 = edge.reshape %x : tensor<1x2x2x6xf32> -> tensor<1x2x2x2x3xf32>
  %1 = edge.transpose %0 [0, 1, 2, 4, 3] : tensor<1x2x2x2x3xf32> -> tensor<1x2x2x3x2xf32>
  %2 = edge.reshape %1 : tensor<1x2x2x3x2xf32> -> tensor<1x2x2x6xf32>
  %3 = edge.conv(%2, %w) strides [1, 1] pads_low [0, 0] pads_high [0, 0] groups 2
      : (tensor<1x2x2x6xf32>, tensor<1x1x3x2xf32>) -> tensor<1x2x2x2xf32>
  return %3 : tensor<1x2x2x2xf32>
}

// Weights that come from outside, and a second reader, keep the shuffle.
// CHECK-LABEL: func @kept_unchanged
// CHECK: edge.transpose
// CHECK: edge.conv
// CHECK: return
func.func @kept_unchanged(%x: tensor<1x2x2x6xf32>, %v: tensor<1x1x6x1xf32>)
    -> (tensor<1x2x2x1xf32>, tensor<1x2x2x1xf32>) {
  %w = edge.constant dense<1.0> : tensor<1x1x6x1xf32>
  %0 = edge.reshape %x : tensor<1x2x2x6xf32> -> tensor<1x2x2x2x3xf32>
  %1 = edge.transpose %0 [0, 1, 2, 4, 3] : tensor<1x2x2x2x3xf32> -> tensor<1x2x2x3x2xf32>
  %2 = edge.reshape %1 : tensor<1x2x2x3x2xf32> -> tensor<1x2x2x6xf32>
  %3 = edge.conv(%2, %w) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      : (tensor<1x2x2x6xf32>, tensor<1x1x6x1xf32>) -> tensor<1x2x2x1xf32>
  %4 = edge.conv(%2, %v) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      : (tensor<1x2x2x6xf32>, tensor<1x1x6x1xf32>) -> tensor<1x2x2x1xf32>
  return %3, %4 : tensor<1x2x2x1xf32>, tensor<1x2x2x1xf32>
}
