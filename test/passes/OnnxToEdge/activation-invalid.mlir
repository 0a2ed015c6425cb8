// RUN: edgecc-opt %s -split-input-file -edgecc-onnx-to-edge -verify-diagnostics

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  // expected-error @+1 {{attribute 'approximate' is sigmoid, supported is none or tanh}}
  %y = onnx.node "Gelu"(%x) since 20 {approximate = "sigmoid"} : (tensor<2x3xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  // expected-error @+1 {{axis 2 is out of range for rank 2}}
  %y = onnx.node "Softmax"(%x) since 13 {axis = 2 : i64} : (tensor<2x3xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}
