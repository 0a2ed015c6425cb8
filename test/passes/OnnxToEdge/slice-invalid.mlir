// RUN: edgecc-opt %s -split-input-file -edgecc-onnx-to-edge -verify-diagnostics

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  // expected-error @+1 {{has starts, ends, axes and steps of different length}}
  %y = onnx.node "Slice"(%x) since 1 {starts = array<i64: 0>, ends = array<i64: 0, 1>} : (tensor<2x3xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  %z = onnx.constant dense<0> : tensor<1xi64>
  // expected-error @+1 {{has the step zero}}
  %y = onnx.node "Slice"(%x, %z, %z, %z, %z) since 13 : (tensor<2x3xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  // expected-error @+1 {{names axis -2 twice}}
  %y = onnx.node "Slice"(%x) since 1 {starts = array<i64: 0, 0>, ends = array<i64: 1, 1>, axes = array<i64: 0, -2>} : (tensor<2x3xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}, %s: tensor<1xi64> {onnx.name = "s"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  %e = onnx.constant dense<2> : tensor<1xi64>
  // expected-error @+1 {{operand 1 (starts) must be known at compile time}}
  %y = onnx.node "Slice"(%x, %s, %e) since 13 : (tensor<2x3xf32>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  // expected-error @+1 {{has 2 pads for 2 dimensions}}
  %y = onnx.node "Pad"(%x) since 2 {pads = array<i64: 0, 0>} : (tensor<2x3xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  // expected-error @+1 {{takes more off dimension 0 than its size of 2}}
  %y = onnx.node "Pad"(%x) since 2 {pads = array<i64: -3, 0, 0, 0>} : (tensor<2x3xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  // expected-error @+1 {{attribute 'mode' is odd, supported is constant, reflect, edge or wrap}}
  %y = onnx.node "Pad"(%x) since 2 {mode = "odd", pads = array<i64: 0, 0, 0, 0>} : (tensor<2x3xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  // expected-error @+1 {{cannot fill a border of 2 from 2 elements in dimension 0}}
  %y = onnx.node "Pad"(%x) since 2 {mode = "reflect", pads = array<i64: 2, 0, 0, 0>} : (tensor<2x3xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}, %v: tensor<f32> {onnx.name = "v"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  %p = onnx.constant dense<0> : tensor<4xi64>
  // expected-error @+1 {{needs a constant value to pad with}}
  %y = onnx.node "Pad"(%x, %p, %v) since 13 : (tensor<2x3xf32>, tensor<4xi64>, tensor<f32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<3xf32> {onnx.name = "x"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  // expected-error @+1 {{needs an operand of rank 2 or more, has rank 1}}
  %y = onnx.node "Trilu"(%x) since 14 : (tensor<3xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  %s = onnx.constant dense<0> : tensor<1xi64>
  // expected-error @+1 {{has a shape of 1 sizes for 2 dimensions}}
  %y = onnx.node "CenterCropPad"(%x, %s) since 18 : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  %s = onnx.constant dense<0> : tensor<2xi64>
  // expected-error @+1 {{needs an operand of rank 2 and axes 0 and 1}}
  %y = onnx.node "ReverseSequence"(%x, %s) since 10 {batch_axis = 2 : i64} : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}
