// RUN: edgecc-opt %s -split-input-file -edgecc-onnx-to-edge -verify-diagnostics

func.func @main(%a: tensor<65x65xf32> {onnx.name = "a"}) -> (tensor<f32> {onnx.name = "y"}) {
  // expected-error @+1 {{supports matrices of at most 64 rows, found 65}}
  %y = onnx.node "Det"(%a) since 11 : (tensor<65x65xf32>) -> tensor<f32>
  return %y : tensor<f32>
}

// -----

func.func @main(%a: tensor<2x3xf32> {onnx.name = "a"}, %c: tensor<4xf32> {onnx.name = "c"})
    -> (tensor<2x2xf32> {onnx.name = "y"}) {
  // expected-error @+1 {{(operator Gemm, domain ai.onnx, opset 13): }}
  %y = onnx.node "Gemm"(%a, %a, %c) since 13 {transB = 1 : i64}
      : (tensor<2x3xf32>, tensor<2x3xf32>, tensor<4xf32>) -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}
