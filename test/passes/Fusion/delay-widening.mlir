// RUN: edgecc-opt %s -edgecc-delay-widening | FileCheck %s

// The epilogue of the convolution ends with the byte; what widens it is a map
// that the sum reads.

// CHECK-LABEL: func.func @average
// CHECK: %[[BYTES:.*]] = edge.conv
// CHECK-SAME: -> tensor<1x4x4x8xi8>
// CHECK: arith.trunci
// CHECK-NEXT: edge.yield %{{.*}} : i8
// CHECK: %[[WIDE:.*]] = edge.map(%[[BYTES]])
// CHECK: ^bb0(%[[BYTE:.*]]: i8):
// CHECK: %[[REAL:.*]] = arith.sitofp %[[BYTE]]
// CHECK: arith.mulf %[[REAL]]
// CHECK: edge.pool sum(%[[WIDE]])
func.func @average(%x: tensor<1x4x4x8xi8>) -> tensor<1x1x1x8xf32> {
  %w = edge.constant dense<1> : tensor<1x1x8x8xi8>
  %0 = edge.conv(%x, %w) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
      : (tensor<1x4x4x8xi8>, tensor<1x1x8x8xi8>) -> tensor<1x4x4x8xf32> {
  ^bb0(%sum: i32):
    %scale = arith.constant 0.5 : f32
    %1 = arith.trunci %sum : i32 to i8
    %2 = arith.sitofp %1 : i8 to f32
    %3 = arith.mulf %2, %scale : f32
    edge.yield %3 : f32
  }
  %y = edge.pool sum(%0) kernel [4, 4] strides [4, 4] pads_low [0, 0]
      pads_high [0, 0] : (tensor<1x4x4x8xf32>) -> tensor<1x1x1x8xf32>
  return %y : tensor<1x1x1x8xf32>
}

// Windows that overlap would widen an element again and again; a chain that has
// another input has no one byte.

// CHECK-LABEL: func.func @unchanged
// CHECK-COUNT-2: edge.map
// CHECK-NOT: edge.map
func.func @unchanged(%x: tensor<1x4x4x8xi8>, %z: tensor<1x4x4x8xf32>)
    -> (tensor<1x3x3x8xf32>, tensor<1x1x1x8xf32>) {
  %0 = edge.map(%x) : (tensor<1x4x4x8xi8>) -> tensor<1x4x4x8xf32> {
  ^bb0(%a: i8):
    %1 = arith.sitofp %a : i8 to f32
    edge.yield %1 : f32
  }
  %2 = edge.pool sum(%0) kernel [2, 2] strides [1, 1] pads_low [0, 0]
      pads_high [0, 0] : (tensor<1x4x4x8xf32>) -> tensor<1x3x3x8xf32>
  %3 = edge.map(%x, %z) : (tensor<1x4x4x8xi8>, tensor<1x4x4x8xf32>)
      -> tensor<1x4x4x8xf32> {
  ^bb0(%a: i8, %b: f32):
    %4 = arith.sitofp %a : i8 to f32
    %5 = arith.addf %4, %b : f32
    edge.yield %5 : f32
  }
  %6 = edge.pool sum(%3) kernel [4, 4] strides [4, 4] pads_low [0, 0]
      pads_high [0, 0] : (tensor<1x4x4x8xf32>) -> tensor<1x1x1x8xf32>
  return %2, %6 : tensor<1x3x3x8xf32>, tensor<1x1x1x8xf32>
}
