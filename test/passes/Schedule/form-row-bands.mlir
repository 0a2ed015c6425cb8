// RUN: edgecc-opt %s -split-input-file -edgecc-form-row-bands=rows=4 | FileCheck %s
// RUN: edgecc-opt %s -split-input-file -edgecc-form-row-bands | FileCheck %s --check-prefix=NONE

// Without cost model and without rows nothing is formed.
// NONE-NOT: edge.row_bands

// An inverted residual: the residual is an operand, the constants move inside.

// CHECK-LABEL: func.func @inverted_residual
// CHECK-SAME: %[[X:.*]]: tensor<1x8x8x4xf32>
// CHECK-NEXT: %[[Y:.*]] = edge.row_bands(%[[X]]) rows 4
// CHECK-NEXT: ^bb0(%[[A:.*]]: tensor<1x8x8x4xf32>):
// CHECK: %[[E:.*]] = edge.conv(%[[A]], %{{.*}}) strides
// CHECK: %[[D:.*]] = edge.conv(%[[E]], %{{.*}}) strides [1, 1] pads_low [1, 1]
// CHECK: %[[P:.*]] = edge.conv(%[[D]], %{{.*}}) with(%[[A]])
// CHECK: edge.yield %[[P]]
// CHECK: return %[[Y]]
func.func @inverted_residual(%x: tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32> {
  %we = edge.constant dense<1.0> : tensor<1x1x4x16xf32>
  %wd = edge.constant dense<2.0> : tensor<3x3x1x16xf32>
  %wp = edge.constant dense<3.0> : tensor<1x1x16x4xf32>
  %e = edge.conv(%x, %we) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      : (tensor<1x8x8x4xf32>, tensor<1x1x4x16xf32>) -> tensor<1x8x8x16xf32>
  %d = edge.conv(%e, %wd) strides [1, 1] pads_low [1, 1] pads_high [1, 1]
      groups 16
      : (tensor<1x8x8x16xf32>, tensor<3x3x1x16xf32>) -> tensor<1x8x8x16xf32>
  %p = edge.conv(%d, %wp) with (%x) strides [1, 1] pads_low [0, 0]
      pads_high [0, 0]
      : (tensor<1x8x8x16xf32>, tensor<1x1x16x4xf32>, tensor<1x8x8x4xf32>)
      -> tensor<1x8x8x4xf32> {
  ^bb0(%a: f32, %b: f32):
    %s = arith.addf %a, %b : f32
    edge.yield %s : f32
  }
  return %p : tensor<1x8x8x4xf32>
}

// -----

// Bands of the most rows, up to four, that divide nine; the border of the first
// operation stays its own.

// CHECK-LABEL: func.func @depthwise_first
// CHECK: edge.row_bands(%{{.*}}) rows 3
// CHECK: edge.conv({{.*}}) strides [2, 2] pads_low [1, 1]
// CHECK: edge.conv
func.func @depthwise_first(%x: tensor<1x18x18x8xf32>) -> tensor<1x9x9x4xf32> {
  %wd = edge.constant dense<2.0> : tensor<3x3x1x8xf32>
  %wp = edge.constant dense<3.0> : tensor<1x1x8x4xf32>
  %d = edge.conv(%x, %wd) strides [2, 2] pads_low [1, 1] pads_high [0, 0]
      groups 8
      : (tensor<1x18x18x8xf32>, tensor<3x3x1x8xf32>) -> tensor<1x9x9x8xf32>
  %p = edge.conv(%d, %wp) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      : (tensor<1x9x9x8xf32>, tensor<1x1x8x4xf32>) -> tensor<1x9x9x4xf32>
  return %p : tensor<1x9x9x4xf32>
}

// -----

// The first convolution of a network and the pooling after it.

// CHECK-LABEL: func.func @stem
// CHECK: edge.row_bands(%{{.*}}) rows 4
// CHECK: edge.conv
// CHECK: edge.pool max
func.func @stem(%x: tensor<1x16x16x3xf32>) -> tensor<1x4x4x8xf32> {
  %w = edge.constant dense<1.0> : tensor<3x3x3x8xf32>
  %c = edge.conv(%x, %w) strides [2, 2] pads_low [1, 1] pads_high [0, 0]
      : (tensor<1x16x16x3xf32>, tensor<3x3x3x8xf32>) -> tensor<1x8x8x8xf32>
  %p = edge.pool max(%c) kernel [3, 3] strides [2, 2] pads_low [1, 1]
      pads_high [0, 0] : (tensor<1x8x8x8xf32>) -> tensor<1x4x4x8xf32>
  return %p : tensor<1x4x4x8xf32>
}

// -----

// The expanded tensor is a result too, so that it has to be there; the window
// is fused with what follows only.

// CHECK-LABEL: func.func @shared
// CHECK: edge.conv
// CHECK: edge.row_bands
// CHECK-COUNT-2: edge.conv
func.func @shared(%x: tensor<1x8x8x4xf32>)
    -> (tensor<1x8x8x8xf32>, tensor<1x8x8x4xf32>) {
  %we = edge.constant dense<1.0> : tensor<1x1x4x8xf32>
  %wd = edge.constant dense<2.0> : tensor<3x3x1x8xf32>
  %wp = edge.constant dense<3.0> : tensor<1x1x8x4xf32>
  %e = edge.conv(%x, %we) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      : (tensor<1x8x8x4xf32>, tensor<1x1x4x8xf32>) -> tensor<1x8x8x8xf32>
  %d = edge.conv(%e, %wd) strides [1, 1] pads_low [1, 1] pads_high [1, 1]
      groups 8
      : (tensor<1x8x8x8xf32>, tensor<3x3x1x8xf32>) -> tensor<1x8x8x8xf32>
  %p = edge.conv(%d, %wp) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      : (tensor<1x8x8x8xf32>, tensor<1x1x8x4xf32>) -> tensor<1x8x8x4xf32>
  return %e, %p : tensor<1x8x8x8xf32>, tensor<1x8x8x4xf32>
}

// -----

// Integers, weights that are not known, a strided consumer: none of them.

// CHECK-LABEL: func.func @refused
// CHECK-NOT: edge.row_bands
// CHECK: return
func.func @refused(%x: tensor<1x8x8x8xi8>, %y: tensor<1x8x8x8xf32>,
                   %w: tensor<3x3x1x8xf32>)
    -> (tensor<1x8x8x4xi32>, tensor<1x8x8x4xf32>, tensor<1x4x4x4xf32>) {
  %id = edge.constant dense<2> : tensor<3x3x1x8xi8>
  %ip = edge.constant dense<3> : tensor<1x1x8x4xi32>
  %wd = edge.constant dense<2.0> : tensor<3x3x1x8xf32>
  %wp = edge.constant dense<3.0> : tensor<1x1x8x4xf32>
  %0 = edge.conv(%x, %id) strides [1, 1] pads_low [1, 1] pads_high [1, 1]
      groups 8
      : (tensor<1x8x8x8xi8>, tensor<3x3x1x8xi8>) -> tensor<1x8x8x8xi32>
  %1 = edge.conv(%0, %ip) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      : (tensor<1x8x8x8xi32>, tensor<1x1x8x4xi32>) -> tensor<1x8x8x4xi32>
  %2 = edge.conv(%y, %w) strides [1, 1] pads_low [1, 1] pads_high [1, 1]
      groups 8
      : (tensor<1x8x8x8xf32>, tensor<3x3x1x8xf32>) -> tensor<1x8x8x8xf32>
  %3 = edge.conv(%2, %wp) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      : (tensor<1x8x8x8xf32>, tensor<1x1x8x4xf32>) -> tensor<1x8x8x4xf32>
  %4 = edge.conv(%y, %wd) strides [1, 1] pads_low [1, 1] pads_high [1, 1]
      groups 8
      : (tensor<1x8x8x8xf32>, tensor<3x3x1x8xf32>) -> tensor<1x8x8x8xf32>
  %5 = edge.conv(%4, %wp) strides [2, 2] pads_low [0, 0] pads_high [0, 0]
      : (tensor<1x8x8x8xf32>, tensor<1x1x8x4xf32>) -> tensor<1x4x4x4xf32>
  return %1, %3, %5
      : tensor<1x8x8x4xi32>, tensor<1x8x8x4xf32>, tensor<1x4x4x4xf32>
}

// -----

// Transpositions from and to channels-first belong to the chain; others do not.

// CHECK-LABEL: func.func @channels_first
// CHECK: edge.row_bands(%{{.*}}) rows 4
// CHECK-SAME: (tensor<1x8x16x16xf32>) -> tensor<1x8x8x8xf32>
// CHECK: edge.transpose %{{.*}} [0, 2, 3, 1]
// CHECK: edge.pool max
// CHECK: edge.transpose %{{.*}} [0, 3, 1, 2]
func.func @channels_first(%x: tensor<1x8x16x16xf32>) -> tensor<1x8x8x8xf32> {
  %t = edge.transpose %x [0, 2, 3, 1]
      : tensor<1x8x16x16xf32> -> tensor<1x16x16x8xf32>
  %p = edge.pool max(%t) kernel [3, 3] strides [2, 2] pads_low [1, 1]
      pads_high [0, 0] : (tensor<1x16x16x8xf32>) -> tensor<1x8x8x8xf32>
  %r = edge.transpose %p [0, 3, 1, 2]
      : tensor<1x8x8x8xf32> -> tensor<1x8x8x8xf32>
  return %r : tensor<1x8x8x8xf32>
}

// -----

// CHECK-LABEL: func.func @other_transpositions
// CHECK-NOT: edge.row_bands
// CHECK: return
func.func @other_transpositions(%x: tensor<1x16x16x8xf32>)
    -> tensor<1x8x8x8xf32> {
  %t = edge.transpose %x [0, 2, 1, 3]
      : tensor<1x16x16x8xf32> -> tensor<1x16x16x8xf32>
  %p = edge.pool max(%t) kernel [3, 3] strides [2, 2] pads_low [1, 1]
      pads_high [0, 0] : (tensor<1x16x16x8xf32>) -> tensor<1x8x8x8xf32>
  %r = edge.transpose %p [0, 3, 2, 1]
      : tensor<1x8x8x8xf32> -> tensor<1x8x8x8xf32>
  return %r : tensor<1x8x8x8xf32>
}

// -----

// What is known comes from inside; there is nothing to make bands of.

// CHECK-LABEL: func.func @known_input
// CHECK-NOT: edge.row_bands
// CHECK: return
func.func @known_input(%b: tensor<8xf32>) -> tensor<1x8x16x16xf32> {
  %x = edge.constant dense<1.0> : tensor<1x16x16x8xf32>
  %w = edge.constant dense<2.0> : tensor<3x3x1x8xf32>
  %d = edge.conv(%x, %w, %b) strides [1, 1] pads_low [1, 1] pads_high [1, 1]
      groups 8
      : (tensor<1x16x16x8xf32>, tensor<3x3x1x8xf32>, tensor<8xf32>)
      -> tensor<1x16x16x8xf32>
  %r = edge.transpose %d [0, 3, 1, 2]
      : tensor<1x16x16x8xf32> -> tensor<1x8x16x16xf32>
  return %r : tensor<1x8x16x16xf32>
}
