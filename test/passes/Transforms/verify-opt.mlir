// RUN: edgecc-opt %s -split-input-file -verify-diagnostics -edgecc-verify-opt

func.func @fine(%x: tensor<1x4x4xf32>, %w: tensor<1x4x4xf32>) -> tensor<1x4x4xf32> {
  %0 = edge.conv(%x, %w) strides [1] pads_low [0] pads_high [0]
      : (tensor<1x4x4xf32>, tensor<1x4x4xf32>) -> tensor<1x4x4xf32> {
  ^bb0(%s: f32):
    %t = math.absf %s : f32
    edge.yield %t : f32
  }
  return %0 : tensor<1x4x4xf32>
}

// -----

func.func @elementwise(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{'edge.exp' op should have become a map}}
  %0 = edge.exp %x : tensor<4xf32> -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @transposed(%x: tensor<1x4x4xf32>, %w: tensor<1x4x4xf32>) -> tensor<1x4x4xf32> {
  // expected-error @+1 {{'edge.conv_transpose' op should have been decomposed}}
  %0 = edge.conv_transpose(%x, %w) strides [1] pads_low [0] pads_high [0] output_padding [0]
      : (tensor<1x4x4xf32>, tensor<1x4x4xf32>) -> tensor<1x4x4xf32>
  return %0 : tensor<1x4x4xf32>
}

// -----

func.func @other(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{'math.exp' op has no place in the opt stage}}
  %0 = math.exp %x : tensor<4xf32>
  return %0 : tensor<4xf32>
}
