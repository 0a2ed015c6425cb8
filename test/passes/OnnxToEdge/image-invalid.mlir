// RUN: edgecc-opt %s -split-input-file -edgecc-onnx-to-edge -verify-diagnostics

func.func @main(%x: tensor<1x6x2x3xf32> {onnx.name = "x"}) -> (tensor<1x1x4x6xf32> {onnx.name = "y"}) {
  // expected-error @+1 {{attribute 'blocksize' is 2, its square must divide the channels}}
  %y = onnx.node "DepthToSpace"(%x) since 13 {blocksize = 2 : i64}
      : (tensor<1x6x2x3xf32>) -> tensor<1x1x4x6xf32>
  return %y : tensor<1x1x4x6xf32>
}
