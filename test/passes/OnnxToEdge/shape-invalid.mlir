// RUN: edgecc-opt %s -split-input-file -edgecc-onnx-to-edge -verify-diagnostics

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  %s = onnx.constant dense<[5, -1]> : tensor<2xi64>
  // expected-error @+1 {{(operator Reshape, domain ai.onnx, opset 14): cannot split 6 elements into slices of 5}}
  %y = onnx.node "Reshape"(%x, %s) since 14 : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  %s = onnx.constant dense<[-1, -1]> : tensor<2xi64>
  // expected-error @+1 {{leaves two dimensions of its shape open}}
  %y = onnx.node "Reshape"(%x, %s) since 14 : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  %s = onnx.constant dense<[4, 2]> : tensor<2xi64>
  // expected-error @+1 {{reshapes 6 elements to 8}}
  %y = onnx.node "Reshape"(%x, %s) since 14 : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  %s = onnx.constant dense<[2, 3, 0]> : tensor<3xi64>
  // expected-error @+1 {{copies dimension 2 of an operand of rank 2}}
  %y = onnx.node "Reshape"(%x, %s) since 14 : (tensor<2x3xf32>, tensor<3xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  %s = onnx.constant dense<[-2]> : tensor<1xi64>
  // expected-error @+1 {{has a shape with the size -2}}
  %y = onnx.node "Reshape"(%x, %s) since 14 : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}, %s: tensor<1xi64> {onnx.name = "s"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  // expected-error @+1 {{operand 1 (shape) must be known at compile time}}
  %y = onnx.node "Reshape"(%x, %s) since 14 : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  // expected-error @+1 {{squeezes dimension 0 of size 2}}
  %y = onnx.node "Squeeze"(%x) since 11 {axes = array<i64: 0>} : (tensor<2x3xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  // expected-error @+1 {{axis 5 is out of range for rank 2}}
  %y = onnx.node "Squeeze"(%x) since 11 {axes = array<i64: 5>} : (tensor<2x3xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  // expected-error @+1 {{names an axis twice}}
  %y = onnx.node "Unsqueeze"(%x) since 11 {axes = array<i64: 1, 1>} : (tensor<2x3xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  // expected-error @+1 {{has no axes}}
  %y = onnx.node "Unsqueeze"(%x) since 13 : (tensor<2x3xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  // expected-error @+1 {{attribute perm is not a permutation of the 2 dimensions}}
  %y = onnx.node "Transpose"(%x) since 13 {perm = array<i64: 0, 0>} : (tensor<2x3xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  %s = onnx.constant dense<[4, 3]> : tensor<2xi64>
  // expected-error @+1 {{expands to a shape that does not broadcast}}
  %y = onnx.node "Expand"(%x, %s) since 13 : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  %s = onnx.constant dense<[4]> : tensor<1xi64>
  // expected-error @+1 {{has 1 repeats for an operand of rank 2}}
  %y = onnx.node "Tile"(%x, %s) since 13 : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  %s = onnx.constant dense<[1, -4]> : tensor<2xi64>
  // expected-error @+1 {{repeats -4 times}}
  %y = onnx.node "Tile"(%x, %s) since 13 : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  // expected-error @+1 {{axis 2 is out of range for rank 2}}
  %y = onnx.node "Concat"(%x, %x) since 13 {axis = 2 : i64} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}, %z: tensor<2xf32> {onnx.name = "z"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  // expected-error @+1 {{joins operands of rank 2 and 1}}
  %y = onnx.node "Concat"(%x, %z) since 13 {axis = 0 : i64} : (tensor<2x3xf32>, tensor<2xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}, %z: tensor<2x4xf32> {onnx.name = "z"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  // expected-error @+1 {{cannot join 'tensor<2x3xf32>' and 'tensor<2x4xf32>' along dimension 0}}
  %y = onnx.node "Concat"(%x, %z) since 13 {axis = 0 : i64} : (tensor<2x3xf32>, tensor<2x4xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  // expected-error @+1 {{splits a dimension of size 3 into 2 parts of size 4 in all for 2 outputs}}
  %y, %z = onnx.node "Split"(%x) since 11 {axis = 1 : i64, split = array<i64: 2, 2>} : (tensor<2x3xf32>) -> (tensor<*xf32>, tensor<*xf32>)
  return %y : tensor<*xf32>
}
