// RUN: edgecc-opt %s -split-input-file -edgecc-onnx-to-edge -verify-diagnostics

func.func @main(%x: tensor<5x2x3xf32> {onnx.name = "x"}, %w: tensor<1x16x3xf32> {onnx.name = "w"},
                %r: tensor<1x16x4xf32> {onnx.name = "r"})
    -> (tensor<5x1x2x4xf32> {onnx.name = "y"}) {
  // expected-error @+1 {{attribute 'activations' is Swish, supported is an activation of ONNX}}
  %y = onnx.node "LSTM"(%x, %w, %r) since 14 {activations = ["Sigmoid", "Swish", "Tanh"]}
      : (tensor<5x2x3xf32>, tensor<1x16x3xf32>, tensor<1x16x4xf32>) -> tensor<5x1x2x4xf32>
  return %y : tensor<5x1x2x4xf32>
}

// -----

func.func @main(%x: tensor<5x2x3xf32> {onnx.name = "x"}, %w: tensor<1x16x3xf32> {onnx.name = "w"},
                %r: tensor<1x16x4xf32> {onnx.name = "r"}, %n: tensor<3xi32> {onnx.name = "n"})
    -> (tensor<5x1x2x4xf32> {onnx.name = "y"}) {
  %b = onnx.none
  // expected-error @+1 {{operand 4 (sequence_lens) must have the shape 2, found 'tensor<3xi32>'}}
  %y = onnx.node "LSTM"(%x, %w, %r, %b, %n) since 14
      : (tensor<5x2x3xf32>, tensor<1x16x3xf32>, tensor<1x16x4xf32>, none, tensor<3xi32>) -> tensor<5x1x2x4xf32>
  return %y : tensor<5x1x2x4xf32>
}

// -----

func.func @main(%x: tensor<5x2x3xf32> {onnx.name = "x"}, %w: tensor<1x15x3xf32> {onnx.name = "w"},
                %r: tensor<1x16x4xf32> {onnx.name = "r"})
    -> (tensor<5x1x2x4xf32> {onnx.name = "y"}) {
  // expected-error @+1 {{operand 1 (W) must have the shape 1x16x3, found 'tensor<1x15x3xf32>'}}
  %y = onnx.node "LSTM"(%x, %w, %r) since 14
      : (tensor<5x2x3xf32>, tensor<1x15x3xf32>, tensor<1x16x4xf32>) -> tensor<5x1x2x4xf32>
  return %y : tensor<5x1x2x4xf32>
}
