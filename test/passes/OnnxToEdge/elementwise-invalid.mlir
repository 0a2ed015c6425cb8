// RUN: edgecc-opt %s -split-input-file -edgecc-onnx-to-edge -verify-diagnostics

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}, %z: tensor<2xf32> {onnx.name = "z"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  // expected-error @+1 {{(operator Add, domain ai.onnx, opset 14): shapes do not broadcast: tensor<2x3xf32> and tensor<2xf32>}}
  %y = onnx.node "Add"(%x, %z) since 14 : (tensor<2x3xf32>, tensor<2xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}, %z: tensor<3xf64> {onnx.name = "z"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  // expected-error @+1 {{expects operands of one element type, found 'f32' and 'f64'}}
  %y = onnx.node "Mul"(%x, %z) since 14 : (tensor<2x3xf32>, tensor<3xf64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<3xui8> {onnx.name = "x"}) -> (tensor<*xui8> {onnx.name = "y"}) {
  // expected-error @+1 {{attribute 'direction' is UP, supported is LEFT or RIGHT}}
  %y = onnx.node "BitShift"(%x, %x) since 11 {direction = "UP"} : (tensor<3xui8>, tensor<3xui8>) -> tensor<*xui8>
  return %y : tensor<*xui8>
}

// -----

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  // expected-error @+1 {{attribute to = 8 is not a type that edgecc computes with}}
  %y = onnx.node "Cast"(%x) since 13 {to = 8 : i64} : (tensor<2x3xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<3xi32> {onnx.name = "x"}) -> (tensor<*xi32> {onnx.name = "y"}) {
  // expected-error @+1 {{operand #0 must be statically shaped tensor of floating-point values}}
  %y = onnx.node "Exp"(%x) since 13 : (tensor<3xi32>) -> tensor<*xi32>
  return %y : tensor<*xi32>
}
