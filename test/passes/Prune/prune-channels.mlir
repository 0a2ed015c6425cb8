// RUN: edgecc-opt %s -edgecc-prune-channels=share=0.3 | FileCheck %s
// RUN: not edgecc-opt %s -edgecc-prune-channels=share=0.99 2>&1 | FileCheck %s --check-prefix=MOST

// The channel that is read with the smallest weights goes.
// MOST: error: cannot save 99.0 % of the multiplications by removing channels; 66.7 % is the most
// CHECK-LABEL: func @smallest
func.func @smallest(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  // CHECK-DAG: edge.constant dense<{{\[}}[1.000000e+00, 2.000000e+00, 3.000000e+00], [4.000000e+00, 5.000000e+00, 6.000000e+00]]>
  // CHECK-DAG: edge.constant dense<{{\[}}[1.000000e+00, 2.000000e+00], [0.000000e+00, 0.000000e+00], [3.000000e+00, 4.000000e+00]]>
  %v = edge.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %w = edge.constant dense<[[1.0, 2.0], [0.5, 0.5], [3.0, 4.0]]> : tensor<3x2xf32>
  %0 = edge.matmul(%x, %v) : (tensor<1x2xf32>, tensor<2x3xf32>) -> tensor<1x3xf32>
  %1 = edge.matmul(%0, %w) : (tensor<1x3xf32>, tensor<3x2xf32>) -> tensor<1x2xf32>
  return %1 : tensor<1x2xf32>
}
