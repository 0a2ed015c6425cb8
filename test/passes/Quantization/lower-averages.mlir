// RUN: edgecc-opt %s -edgecc-lower-quantized | FileCheck %s

!x = !quant.uniform<u8:f32, 0.5:128>
!sum = !quant.uniform<u8:f32, 2.25:3>

// A sum of 9 numbers as a quantised value is their average: 0.5 / (9 * 0.25) of the
// sum less nine zero points.
// CHECK-LABEL: func @average
// CHECK: edge.reduce sum(%{{.*}}) axes [1, 2] : (tensor<1x3x3x2xui8>) -> tensor<1x1x1x2xui8> {
// CHECK-NEXT: ^bb0(%[[SUM:.*]]: i32):
// CHECK: %[[ZEROS:.*]] = arith.constant 1152 : i32
// CHECK: %[[CENTRED:.*]] = arith.subi %[[SUM]], %[[ZEROS]]
// CHECK: %[[REAL:.*]] = arith.sitofp %[[CENTRED]]
// CHECK: %[[FACTOR:.*]] = arith.constant 0.222222224 : f32
// CHECK: %[[SCALED:.*]] = arith.mulf %[[REAL]], %[[FACTOR]]
// CHECK: math.roundeven %[[SCALED]]
// CHECK-NOT: !quant
func.func @average(%x: tensor<1x3x3x2xui8>) -> tensor<1x1x1x2xui8> {
  %0 = edge.storage_cast %x : tensor<1x3x3x2xui8> -> tensor<1x3x3x2x!x>
  %1 = edge.reduce sum(%0) axes [1, 2] : (tensor<1x3x3x2x!x>) -> tensor<1x1x1x2x!sum>
  %2 = edge.storage_cast %1 : tensor<1x1x1x2x!sum> -> tensor<1x1x1x2xui8>
  return %2 : tensor<1x1x1x2xui8>
}
