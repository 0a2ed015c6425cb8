// Without rules and a function that evaluates, nothing changes.
// RUN: edgecc-opt %s -verify-diagnostics -edgecc-raise-tables | FileCheck %s

// CHECK-LABEL: func @main
// CHECK: edge.dequantize
// CHECK: edge.erf
// CHECK: edge.quantize
// CHECK-NOT: edge.gather
!x = !quant.uniform<i8:f32, 0.5>
!y = !quant.uniform<i8:f32, 0.25>
func.func @main(%x: tensor<4x!x>) -> tensor<4x!y> {
  %0 = edge.dequantize %x : tensor<4x!x> -> tensor<4xf32>
  %1 = edge.erf %0 : tensor<4xf32> -> tensor<4xf32>
  %2 = edge.quantize %1 : tensor<4xf32> -> tensor<4x!y>
  return %2 : tensor<4x!y>
}
