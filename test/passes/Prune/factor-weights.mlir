// RUN: edgecc-opt %s -split-input-file -verify-diagnostics -edgecc-factor-weights | FileCheck %s

// Without examples nothing says in which directions results lie.
// CHECK-LABEL: func @unchanged
// CHECK-COUNT-1: edge.matmul
// CHECK-NOT: edge.matmul
// CHECK: return
func.func @unchanged(%x: tensor<4x32xf32>) -> tensor<4x32xf32> {
  %w = edge.constant dense<1.0> : tensor<32x32xf32>
  %y = edge.matmul(%x, %w) : (tensor<4x32xf32>, tensor<32x32xf32>) -> tensor<4x32xf32>
  return %y : tensor<4x32xf32>
}

// -----

func.func @not_a_number(%x: tensor<4x32xf32>) -> tensor<4x32xf32> {
  %w = edge.constant dense<0x7FC00000> : tensor<32x32xf32>
  // expected-error@+1 {{cannot find the rank of weights that hold an infinity or NaN}}
  %y = edge.matmul(%x, %w) : (tensor<4x32xf32>, tensor<32x32xf32>) -> tensor<4x32xf32>
  return %y : tensor<4x32xf32>
}
