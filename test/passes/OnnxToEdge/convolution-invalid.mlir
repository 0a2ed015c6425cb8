// RUN: edgecc-opt %s -split-input-file -edgecc-onnx-to-edge -verify-diagnostics

func.func @main(%x: tensor<1x3x8xf32> {onnx.name = "x"}, %w: tensor<4x2x3xf32> {onnx.name = "w"})
    -> (tensor<1x4x6xf32> {onnx.name = "y"}) {
  // expected-error @+1 {{the input has 3 channels, the weights expect 2}}
  %y = onnx.node "Conv"(%x, %w) since 11
      : (tensor<1x3x8xf32>, tensor<4x2x3xf32>) -> tensor<1x4x6xf32>
  return %y : tensor<1x4x6xf32>
}

// -----

func.func @main(%x: tensor<1x2x2xf32> {onnx.name = "x"}, %w: tensor<4x2x3xf32> {onnx.name = "w"})
    -> (tensor<1x4x1xf32> {onnx.name = "y"}) {
  // expected-error @+1 {{the kernel spans 3 elements of spatial dimension 0, the padded input has 2}}
  %y = onnx.node "Conv"(%x, %w) since 11
      : (tensor<1x2x2xf32>, tensor<4x2x3xf32>) -> tensor<1x4x1xf32>
  return %y : tensor<1x4x1xf32>
}

// -----

func.func @main(%x: tensor<1x2x8xf32> {onnx.name = "x"}, %w: tensor<4x2x3xf32> {onnx.name = "w"})
    -> (tensor<1x4x6xf32> {onnx.name = "y"}) {
  // expected-error @+1 {{attribute 'strides' holds 0, the least valid value is 1}}
  %y = onnx.node "Conv"(%x, %w) since 11 {strides = array<i64: 0>}
      : (tensor<1x2x8xf32>, tensor<4x2x3xf32>) -> tensor<1x4x6xf32>
  return %y : tensor<1x4x6xf32>
}

// -----

func.func @main(%x: tensor<1x2x8xf32> {onnx.name = "x"}, %w: tensor<4x2x3xf32> {onnx.name = "w"})
    -> (tensor<1x4x6xf32> {onnx.name = "y"}) {
  // expected-error @+1 {{attribute 'activation' is Mish, supported is Relu}}
  %y = onnx.node "FusedConv"(%x, %w) domain "com.microsoft" since 1 {activation = "Mish"}
      : (tensor<1x2x8xf32>, tensor<4x2x3xf32>) -> tensor<1x4x6xf32>
  return %y : tensor<1x4x6xf32>
}
