// RUN: edgecc-opt %s -split-input-file -edgecc-onnx-to-edge -verify-diagnostics

func.func @main(%q: tensor<1x2x8xf32> {onnx.name = "q"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  // expected-error @+1 {{cannot split a width of 8 into 3 heads}}
  %y = onnx.node "MultiHeadAttention"(%q, %q, %q) domain "com.microsoft" since 1 {num_heads = 3 : i64}
      : (tensor<1x2x8xf32>, tensor<1x2x8xf32>, tensor<1x2x8xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<1x4x8xf32> {onnx.name = "x"}, %m: tensor<7xi32> {onnx.name = "m"})
    -> (tensor<*xf32> {onnx.name = "y"}) {
  %w = onnx.constant dense<0.5> : tensor<8x24xf32>
  %b = onnx.constant dense<0.5> : tensor<24xf32>
  // expected-error @+1 {{has a mask of a form that is not supported}}
  %y = onnx.node "Attention"(%x, %w, %b, %m) domain "com.microsoft" since 1 {num_heads = 2 : i64}
      : (tensor<1x4x8xf32>, tensor<8x24xf32>, tensor<24xf32>, tensor<7xi32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<1x3x4xf32> {onnx.name = "x"}, %p: tensor<1x3xi64> {onnx.name = "p"},
                %c: tensor<9x2xf32> {onnx.name = "c"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  // expected-error @+1 {{packs its batch, which is not supported}}
  %y = onnx.node "RotaryEmbedding"(%x, %p, %c, %c) domain "com.microsoft" since 1 {is_packed_batching = 1 : i64}
      : (tensor<1x3x4xf32>, tensor<1x3xi64>, tensor<9x2xf32>, tensor<9x2xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}
