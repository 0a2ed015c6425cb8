// Without a function that tells prices, nothing is said, and nothing changes.
// RUN: edgecc-opt %s -edgecc-compare-integers -verify-diagnostics | FileCheck %s

!q = !quant.uniform<u8:f32, 0.5>

// CHECK-LABEL: func @unchanged
// CHECK: edge.quantize
// CHECK: edge.dequantize
// CHECK: edge.matmul
func.func @unchanged(%x: tensor<4x8xf32>, %w: tensor<8x2xf32>) -> tensor<4x2xf32> {
  %0 = edge.quantize %x : tensor<4x8xf32> -> tensor<4x8x!q>
  %1 = edge.dequantize %0 : tensor<4x8x!q> -> tensor<4x8xf32>
  %2 = edge.matmul(%1, %w) : (tensor<4x8xf32>, tensor<8x2xf32>) -> tensor<4x2xf32>
  return %2 : tensor<4x2xf32>
}
