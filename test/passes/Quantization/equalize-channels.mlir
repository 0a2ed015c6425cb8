// Without a function that finds ranges, nothing changes.
// RUN: edgecc-opt %s -edgecc-equalize-channels | FileCheck %s

// CHECK-LABEL: func @unchanged
// CHECK-NOT: edge.constant
// CHECK: edge.matmul
func.func @unchanged(%x: tensor<4x8xf32>, %w: tensor<8x2xf32>) -> tensor<4x2xf32> {
  %0 = edge.matmul(%x, %w) : (tensor<4x8xf32>, tensor<8x2xf32>) -> tensor<4x2xf32>
  return %0 : tensor<4x2xf32>
}
