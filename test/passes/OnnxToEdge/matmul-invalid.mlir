// RUN: edgecc-opt %s -split-input-file -edgecc-onnx-to-edge -verify-diagnostics

func.func @main(%a: tensor<3x3xf32> {onnx.name = "a"}) -> (tensor<3xf32> {onnx.name = "y"}) {
  // expected-error @+1 {{equation 'ii->i' takes a diagonal, which is not supported}}
  %y = onnx.node "Einsum"(%a) since 12 {equation = "ii->i"} : (tensor<3x3xf32>) -> tensor<3xf32>
  return %y : tensor<3xf32>
}

// -----

func.func @main(%a: tensor<2x3xf32> {onnx.name = "a"}, %c: tensor<4xf32> {onnx.name = "c"})
    -> (tensor<2x2xf32> {onnx.name = "y"}) {
  // expected-error @+1 {{(operator Gemm, domain ai.onnx, opset 13): }}
  %y = onnx.node "Gemm"(%a, %a, %c) since 13 {transB = 1 : i64}
      : (tensor<2x3xf32>, tensor<2x3xf32>, tensor<4xf32>) -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}
