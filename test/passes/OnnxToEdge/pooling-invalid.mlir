// RUN: edgecc-opt %s -split-input-file -edgecc-onnx-to-edge -verify-diagnostics

func.func @main(%x: tensor<1x2x4xf32> {onnx.name = "x"})
    -> (tensor<1x2x3xf32> {onnx.name = "y"}) {
  // expected-error @+1 {{the kernel has 2 dimensions, the input has 1 spatial dimensions}}
  %y = onnx.node "MaxPool"(%x) since 12 {kernel_shape = array<i64: 2, 2>}
      : (tensor<1x2x4xf32>) -> tensor<1x2x3xf32>
  return %y : tensor<1x2x3xf32>
}
