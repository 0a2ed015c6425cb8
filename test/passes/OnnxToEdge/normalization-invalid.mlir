// RUN: edgecc-opt %s -split-input-file -edgecc-onnx-to-edge -verify-diagnostics

func.func @main(%x: tensor<1x2x4xf32> {onnx.name = "x"}, %s: tensor<2xf32> {onnx.name = "s"})
    -> (tensor<1x2x4xf32> {onnx.name = "y"}) {
  // expected-error @+1 {{attribute 'spatial' is 0, supported is 1}}
  %y = onnx.node "BatchNormalization"(%x, %s, %s, %s, %s) since 7 {spatial = 0 : i64}
      : (tensor<1x2x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>)
      -> tensor<1x2x4xf32>
  return %y : tensor<1x2x4xf32>
}

// -----

func.func @main(%x: tensor<1x2x4xf32> {onnx.name = "x"}, %s: tensor<3xf32> {onnx.name = "s"})
    -> (tensor<1x2x4xf32> {onnx.name = "y"}) {
  // expected-error @+1 {{the scale must have 2 elements, found 'tensor<3xf32>'}}
  %y = onnx.node "InstanceNormalization"(%x, %s, %s) since 6
      : (tensor<1x2x4xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<1x2x4xf32>
  return %y : tensor<1x2x4xf32>
}

// -----

func.func @main(%x: tensor<1x6x4xf32> {onnx.name = "x"}, %s: tensor<6xf32> {onnx.name = "s"})
    -> (tensor<1x6x4xf32> {onnx.name = "y"}) {
  // expected-error @+1 {{attribute 'num_groups' is 4, which does not divide the channels}}
  %y = onnx.node "GroupNormalization"(%x, %s, %s) since 21 {num_groups = 4 : i64}
      : (tensor<1x6x4xf32>, tensor<6xf32>, tensor<6xf32>) -> tensor<1x6x4xf32>
  return %y : tensor<1x6x4xf32>
}
