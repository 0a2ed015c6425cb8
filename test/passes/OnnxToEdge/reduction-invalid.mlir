// RUN: edgecc-opt %s -split-input-file -edgecc-onnx-to-edge -verify-diagnostics

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  // expected-error @+1 {{axis 2 is out of range for rank 2}}
  %y = onnx.node "ReduceSum"(%x) since 11 {axes = array<i64: 2>} : (tensor<2x3xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}, %a: tensor<1xi64> {onnx.name = "a"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  // expected-error @+1 {{operand 1 (axes) must be known at compile time}}
  %y = onnx.node "ReduceSum"(%x, %a) since 13 : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}) -> (tensor<*xi64> {onnx.name = "y"}) {
  // expected-error @+1 {{axis -3 is out of range for rank 2}}
  %y = onnx.node "ArgMax"(%x) since 13 {axis = -3 : i64} : (tensor<2x3xf32>) -> tensor<*xi64>
  return %y : tensor<*xi64>
}

// -----

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  %a = onnx.constant dense<0> : tensor<2xi64>
  // expected-error @+1 {{needs one axis, has 2}}
  %y = onnx.node "CumSum"(%x, %a) since 14 : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}
