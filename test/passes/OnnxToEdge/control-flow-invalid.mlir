// RUN: edgecc-opt %s -split-input-file -edgecc-onnx-to-edge -verify-diagnostics

func.func @main(%x: tensor<4xf32> {onnx.name = "x"}, %c: tensor<i1> {onnx.name = "c"})
    -> (tensor<?xf32> {onnx.name = "y"}) {
  // expected-error @+1 {{result 0 is 'tensor<4xf32>' in one branch and 'tensor<2xf32>' in the other}}
  %y = onnx.node "If"(%c) since 16 body "then_branch" {
    onnx.yield %x : tensor<4xf32>
  } body "else_branch" {
    %t = onnx.constant dense<0.0> : tensor<2xf32>
    onnx.yield %t : tensor<2xf32>
  } : (tensor<i1>) -> tensor<?xf32>
  return %y : tensor<?xf32>
}
