// RUN: edgecc-opt %s --edgecc-bound-shapes --split-input-file --verify-diagnostics

module attributes {edge.bounds = {N = array<i64: 1, 8>}} {
func.func @main(%x: tensor<8x4xf32> {edge.dims = ["N", ""]}) -> tensor<4x4xf32> {
  // expected-error@+1 {{'edge.slice' combines elements along dimension 0, whose size is known at run time only, in a way that is not supported}}
  %y = edge.slice %x offsets [7, 0] sizes [4, 4] strides [-2, 1]
      : tensor<8x4xf32> -> tensor<4x4xf32>
  return %y : tensor<4x4xf32>
}
func.func @main_at_4(%x: tensor<4x4xf32>) -> tensor<2x4xf32>
    attributes {edge.sizes = {N = 4}} {
  %y = edge.slice %x offsets [3, 0] sizes [2, 4] strides [-2, 1]
      : tensor<4x4xf32> -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}
}

// -----

module attributes {edge.bounds = {N = array<i64: 1, 8>}} {
func.func @main(%x: tensor<8xf32> {edge.dims = ["N"]}) -> tensor<8xf32> {
  // expected-error@+1 {{at other sizes the network has other operations here}}
  %y = edge.exp %x : tensor<8xf32> -> tensor<8xf32>
  return %y : tensor<8xf32>
}
func.func @main_at_4(%x: tensor<4xf32>) -> tensor<4xf32>
    attributes {edge.sizes = {N = 4}} {
  %y = edge.log %x : tensor<4xf32> -> tensor<4xf32>
  return %y : tensor<4xf32>
}
}

// -----

module attributes {edge.bounds = {N = array<i64: 1, 8>}} {
func.func @main(%x: tensor<8xf32> {edge.dims = ["N"]}) -> tensor<8xf32> {
  // expected-error@+1 {{the elements of a constant depend on sizes that are known at run time only}}
  %c = edge.constant dense<512.0> : tensor<f32>
  %y = edge.mul %x, %c : tensor<8xf32>, tensor<f32> -> tensor<8xf32>
  return %y : tensor<8xf32>
}
func.func @main_at_4(%x: tensor<4xf32>) -> tensor<4xf32>
    attributes {edge.sizes = {N = 4}} {
  %c = edge.constant dense<64.0> : tensor<f32>
  %y = edge.mul %x, %c : tensor<4xf32>, tensor<f32> -> tensor<4xf32>
  return %y : tensor<4xf32>
}
func.func @main_at_7(%x: tensor<7xf32>) -> tensor<7xf32>
    attributes {edge.sizes = {N = 7}} {
  %c = edge.constant dense<343.0> : tensor<f32>
  %y = edge.mul %x, %c : tensor<7xf32>, tensor<f32> -> tensor<7xf32>
  return %y : tensor<7xf32>
}
}

// -----

// expected-error@+1 {{expected a function 'main' and others with the attribute 'edge.sizes'}}
module attributes {edge.bounds = {N = array<i64: 1, 8>}} {
func.func @main(%x: tensor<8xf32>) -> tensor<8xf32> {
  return %x : tensor<8xf32>
}
}
