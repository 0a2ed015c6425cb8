// RUN: edgecc-opt %s -edgecc-prune-weights=pruning=magnitude:0.5 -canonicalize | FileCheck %s --check-prefixes=CHECK,HALF
// RUN: edgecc-opt %s -edgecc-prune-weights=pruning=magnitude:1:4 -canonicalize | FileCheck %s --check-prefixes=CHECK,GROUPS
// RUN: edgecc-opt %s -edgecc-prune-weights=pruning=magnitude:50%%:2x4 -canonicalize | FileCheck %s --check-prefixes=CHECK,BLOCKS

// Of 16 weights for each of two output channels.
// CHECK-LABEL: func @matrix
// HALF: edge.constant dense<{{\[}}[0.000000e+00, 1.600000e+01], [0.000000e+00, -1.500000e+01], [0.000000e+00, 1.400000e+01], [0.000000e+00, 1.300000e+01],
// HALF-SAME: [0.000000e+00, 1.200000e+01], [0.000000e+00, 1.100000e+01], [0.000000e+00, 1.000000e+01], [0.000000e+00, 9.000000e+00],
// HALF-SAME: [9.000000e+00, 0.000000e+00], [1.000000e+01, 0.000000e+00]
// GROUPS: edge.constant dense<{{\[}}[0.000000e+00, 1.600000e+01], [0.000000e+00, 0.000000e+00], [0.000000e+00, 0.000000e+00], [4.000000e+00, 0.000000e+00],
// GROUPS-SAME: [0.000000e+00, 1.200000e+01]
// BLOCKS: edge.constant dense<{{\[}}[1.000000e+00, 1.600000e+01], [2.000000e+00, -1.500000e+01], [3.000000e+00, 1.400000e+01], [4.000000e+00, 1.300000e+01],
// BLOCKS-SAME: [0.000000e+00, 0.000000e+00], [0.000000e+00, 0.000000e+00]
func.func @matrix(%x: tensor<1x16xf32>) -> tensor<1x2xf32> {
  %w = edge.constant dense<[[1.0, 16.0], [2.0, -15.0], [3.0, 14.0], [4.0, 13.0],
      [5.0, 12.0], [6.0, 11.0], [7.0, 10.0], [8.0, 9.0], [9.0, 8.0],
      [10.0, 7.0], [11.0, 6.0], [12.0, 5.0], [13.0, 4.0], [14.0, 3.0],
      [-15.0, 2.0], [16.0, 1.0]]> : tensor<16x2xf32>
  %0 = edge.matmul(%x, %w) : (tensor<1x16xf32>, tensor<16x2xf32>) -> tensor<1x2xf32>
  return %0 : tensor<1x2xf32>
}
