// RUN: edgecc-opt %s -split-input-file -edgecc-onnx-to-edge -verify-diagnostics

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}) -> (tensor<2x3xui8> {onnx.name = "y"}) {
  %s = onnx.constant dense<[0.5, 0.25, 1.0, 1.0]> : tensor<4xf32>
  // expected-error @+1 {{scale or zero point of type 'tensor<4xf32>' does not fit the value along axis 1, of size 3}}
  %y = onnx.node "QuantizeLinear"(%x, %s) since 13 : (tensor<2x3xf32>, tensor<4xf32>) -> tensor<2x3xui8>
  return %y : tensor<2x3xui8>
}

// -----

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}) -> (tensor<2x3xui8> {onnx.name = "y"}) {
  %s = onnx.constant dense<0.0> : tensor<f32>
  // expected-error @+1 {{expects scales that are finite and not zero, found 0.00}}
  %y = onnx.node "QuantizeLinear"(%x, %s) since 13 : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xui8>
  return %y : tensor<2x3xui8>
}

// -----

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}) -> (tensor<2x3xui8> {onnx.name = "y"}) {
  %s = onnx.constant dense<0x7F800000> : tensor<f32>
  // expected-error @+1 {{expects scales that are finite and not zero, found INF}}
  %y = onnx.node "QuantizeLinear"(%x, %s) since 13 : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xui8>
  return %y : tensor<2x3xui8>
}

// -----

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}) -> (tensor<2x3xui8> {onnx.name = "y"}) {
  %s = onnx.constant dense<0x7FC00000> : tensor<f32>
  // expected-error @+1 {{expects scales that are finite and not zero, found nan}}
  %y = onnx.node "QuantizeLinear"(%x, %s) since 13 : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xui8>
  return %y : tensor<2x3xui8>
}

// -----

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}) -> (tensor<2x3xui8> {onnx.name = "y"}) {
  %s = onnx.constant dense<0.5> : tensor<f32>
  %z = onnx.constant dense<[1, 2]> : tensor<2xui8>
  // expected-error @+1 {{scale or zero point of type 'tensor<2xui8>' does not fit the value along axis 1, of size 3}}
  %y = onnx.node "QuantizeLinear"(%x, %s, %z) since 13 : (tensor<2x3xf32>, tensor<f32>, tensor<2xui8>) -> tensor<2x3xui8>
  return %y : tensor<2x3xui8>
}
