// RUN: edgecc-opt %s -split-input-file -verify-diagnostics -edgecc-palettize-weights=bits=2 | FileCheck %s
// RUN: edgecc-opt %s -split-input-file -verify-diagnostics "-edgecc-palettize-weights=bits=2 scaled" | FileCheck %s --check-prefix=SCALED

// Zeros stay, and three numbers are left of the others. With a scale for each
// column these are a 127th of the largest, times an integer.
// CHECK-LABEL: func @matmul
// CHECK{LITERAL}: dense<[[-2.100000e+00, 0.000000e+00], [0.000000e+00, 3.000000e+00], [1.000000e+00, 1.000000e+00], [1.000000e+00, 3.000000e+00]]>
// SCALED-LABEL: func @matmul
// SCALED{LITERAL}: dense<[[-2.100000e+00, 0.000000e+00], [0.000000e+00, 3.100000e+00],
func.func @matmul(%x: tensor<1x4xf32>) -> tensor<1x2xf32> {
  %w = edge.constant dense<[[-2.1, 0.0], [0.0, 3.1], [0.9, 1.1], [1.0, 2.9]]> : tensor<4x2xf32>
  %y = edge.matmul(%x, %w) : (tensor<1x4xf32>, tensor<4x2xf32>) -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}

// Those of a cell have none, and stay if channels are to have scales.
// CHECK-LABEL: func @cell
// CHECK{LITERAL}: dense<[[-2.100000e+00, 0.000000e+00, 1.000000e+00, 1.000000e+00], [1.000000e+00, 3.000000e+00, 3.000000e+00, 0.000000e+00],
// SCALED-LABEL: func @cell
// SCALED{LITERAL}: dense<[[-2.100000e+00, 0.000000e+00, 0.899999976, 1.100000e+00],
func.func @cell(%x: tensor<5x1x4xf32>, %h: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %w = edge.constant dense<[[-2.1, 0.0, 0.9, 1.1], [1.0, 2.9, 3.1, 0.0], [0.9, 1.1, -2.1, 0.0], [3.0, 3.0, 1.0, 1.0]]> : tensor<4x4xf32>
  %y, %last = edge.rnn tanh(%x, %w, %h) : (tensor<5x1x4xf32>, tensor<4x4xf32>, tensor<1x4xf32>) -> (tensor<5x1x4xf32>, tensor<1x4xf32>)
  return %last : tensor<1x4xf32>
}

// A table would take as much as these do; those are not known; these have few
// numbers already.
// CHECK-LABEL: func @unchanged
// CHECK{LITERAL}: dense<[[1.000000e+00, 2.000000e+00, 3.000000e+00], [4.000000e+00, 5.000000e+00, 6.000000e+00]]>
// CHECK{LITERAL}: dense<[[1.000000e+00, 2.000000e+00], [2.000000e+00, 1.000000e+00], [1.000000e+00, 2.000000e+00], [5.000000e+00, 5.000000e+00]]>
func.func @unchanged(%x: tensor<1x2xf32>, %z: tensor<1x4xf32>, %v: tensor<4x2xf32>)
    -> (tensor<1x3xf32>, tensor<1x2xf32>, tensor<1x2xf32>) {
  %w = edge.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %f = edge.constant dense<[[1.0, 2.0], [2.0, 1.0], [1.0, 2.0], [5.0, 5.0]]> : tensor<4x2xf32>
  %a = edge.matmul(%x, %w) : (tensor<1x2xf32>, tensor<2x3xf32>) -> tensor<1x3xf32>
  %b = edge.matmul(%z, %v) : (tensor<1x4xf32>, tensor<4x2xf32>) -> tensor<1x2xf32>
  %c = edge.matmul(%z, %f) : (tensor<1x4xf32>, tensor<4x2xf32>) -> tensor<1x2xf32>
  return %a, %b, %c : tensor<1x3xf32>, tensor<1x2xf32>, tensor<1x2xf32>
}

// -----

func.func @not_a_number(%x: tensor<1x4xf32>) -> tensor<1x2xf32> {
  %w = edge.constant dense<[[-2.1, 0.0], [0.0, 0x7FC00000], [0.9, 1.1], [1.0, 2.9]]> : tensor<4x2xf32>
  // expected-error@+1 {{cannot choose a table for weights that hold an infinity or NaN}}
  %y = edge.matmul(%x, %w) : (tensor<1x4xf32>, tensor<4x2xf32>) -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}
