// Without a function that evaluates, nothing changes.
// RUN: edgecc-opt %s -edgecc-fold-constants | FileCheck %s

// CHECK-LABEL: func @unchanged
// CHECK: edge.reduce
func.func @unchanged() -> tensor<1xf32> {
  %0 = edge.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %1 = edge.reduce sum(%0) axes [0] : (tensor<2xf32>) -> tensor<1xf32>
  return %1 : tensor<1xf32>
}
