// RUN: edgecc-opt %s -split-input-file -edgecc-onnx-to-edge -verify-diagnostics

func.func @main(%x: tensor<1x3x2x2xf32> {onnx.name = "x"}, %s: tensor<4xf32> {onnx.name = "s"})
    -> (tensor<1x3x4x4xf32> {onnx.name = "y"}) {
  %none = onnx.none
  // expected-error @+1 {{operand 2 (scales) must be known at compile time}}
  %y = onnx.node "Resize"(%x, %none, %s) since 19
      : (tensor<1x3x2x2xf32>, none, tensor<4xf32>) -> tensor<1x3x4x4xf32>
  return %y : tensor<1x3x4x4xf32>
}

// -----

func.func @main(%x: tensor<2x2xf32> {onnx.name = "x"}) -> (tensor<4x4xf32> {onnx.name = "y"}) {
  %s = onnx.constant dense<[2.0, -1.0]> : tensor<2xf32>
  // expected-error @+1 {{scales must be positive, dimension 1 has -1}}
  %y = onnx.node "Upsample"(%x, %s) since 9 : (tensor<2x2xf32>, tensor<2xf32>) -> tensor<4x4xf32>
  return %y : tensor<4x4xf32>
}
