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
  // expected-error @+1 {{the scale is 0.00; expected finite numbers above 0}}
  %y = onnx.node "QuantizeLinear"(%x, %s) since 13 : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xui8>
  return %y : tensor<2x3xui8>
}

// -----

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}) -> (tensor<2x3xui8> {onnx.name = "y"}) {
  %s = onnx.constant dense<0x7F800000> : tensor<f32>
  // expected-error @+1 {{the scale is INF; expected finite numbers above 0}}
  %y = onnx.node "QuantizeLinear"(%x, %s) since 13 : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xui8>
  return %y : tensor<2x3xui8>
}

// -----

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}) -> (tensor<2x3xui8> {onnx.name = "y"}) {
  %s = onnx.constant dense<0x7FC00000> : tensor<f32>
  // expected-error @+1 {{the scale is nan; expected finite numbers above 0}}
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

// -----

func.func @main(%x: tensor<2x3xui8> {onnx.name = "x"}) -> (tensor<2x3xf32> {onnx.name = "y"}) {
  %s = onnx.constant dense<[0.5, -0.25, 1.0]> : tensor<3xf32> loc("x_scale")
  // expected-error @+1 {{the scale 'x_scale' at position 1 is -0.25; expected finite numbers above 0}}
  %y = onnx.node "DequantizeLinear"(%x, %s) since 13 : (tensor<2x3xui8>, tensor<3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// -----

func.func @main(%x: tensor<2x4xui8> {onnx.name = "x"}) -> (tensor<2x4xf32> {onnx.name = "y"}) {
  %s = onnx.constant dense<[[0.5, 1.0], [0.0, 1.0]]> : tensor<2x2xf32> loc("x_scale")
  // expected-error @+1 {{the scale 'x_scale' at position 2 is 0.00; expected finite numbers other than 0}}
  %y = onnx.node "DequantizeLinear"(%x, %s) since 21 {axis = 1 : i64, block_size = 2 : i64} : (tensor<2x4xui8>, tensor<2x2xf32>) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// -----

func.func @main(%x: tensor<2x3xi8> {onnx.name = "x"}) -> (tensor<2x3xf32> {onnx.name = "y"}) {
  %s = onnx.constant dense<0.5> : tensor<f32>
  %z = onnx.constant dense<130> : tensor<ui8> loc("x_zero")
  // expected-error @+1 {{the zero point 'x_zero' is 130; expected -128 to 127 with values of 'i8'}}
  %y = onnx.node "DequantizeLinear"(%x, %s, %z) since 13 : (tensor<2x3xi8>, tensor<f32>, tensor<ui8>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// -----

func.func @main(%x: tensor<2x3xi32> {onnx.name = "x"}) -> (tensor<2x3xf32> {onnx.name = "y"}) {
  %s = onnx.constant dense<0.5> : tensor<f32>
  %z = onnx.constant dense<3> : tensor<i32>
  // expected-error @+1 {{the zero point is 3; expected 0 with values of 'i32'}}
  %y = onnx.node "DequantizeLinear"(%x, %s, %z) since 13 : (tensor<2x3xi32>, tensor<f32>, tensor<i32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// -----

func.func @main(%x: tensor<1x4xui8> {onnx.name = "x"}) -> (tensor<1x2xui8> {onnx.name = "y"}) {
  %s = onnx.constant dense<0.5> : tensor<f32>
  %z = onnx.constant dense<128> : tensor<ui8>
  %w = onnx.constant dense<3> : tensor<4x2xi8>
  %ws = onnx.constant dense<[0.5, 0xFFC00000]> : tensor<2xf32> loc("w_scale")
  %wz = onnx.constant dense<0> : tensor<2xi8>
  // expected-error @+1 {{the scale 'w_scale' at position 1 is nan; expected finite numbers above 0}}
  %y = onnx.node "QLinearMatMul"(%x, %s, %z, %w, %ws, %wz, %s, %z) since 10 : (tensor<1x4xui8>, tensor<f32>, tensor<ui8>, tensor<4x2xi8>, tensor<2xf32>, tensor<2xi8>, tensor<f32>, tensor<ui8>) -> tensor<1x2xui8>
  return %y : tensor<1x2xui8>
}
