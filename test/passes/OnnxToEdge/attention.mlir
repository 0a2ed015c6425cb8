// RUN: edgecc-opt %s -split-input-file -edgecc-onnx-to-edge | FileCheck %s

// One product projects to query, key and value; the mask is added to the scores
// where it is zero.

// CHECK-LABEL: func.func @main(
// CHECK-SAME:    %[[X:[^:]*]]: tensor<1x4x8xf32> {edge.name = "x"}, %[[M:[^:]*]]: tensor<1x4xi32>
// CHECK:         edge.matmul(%[[X]], %{{.*}}, %{{.*}}) : (tensor<1x4x8xf32>, tensor<8x24xf32>, tensor<24xf32>) -> tensor<1x4x24xf32>
// CHECK:         %[[KEPT:.*]] = edge.compare ne %{{.*}} : tensor<1x1x1x4xi32>, tensor<i32> -> tensor<1x1x1x4xi1>
// CHECK:         %[[MASK:.*]] = edge.select %[[KEPT]]
// CHECK:         %[[S:.*]] = edge.matmul(%{{.*}}, %{{.*}}) : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
// CHECK:         %[[T:.*]] = edge.add %[[S]], %[[MASK]]
// CHECK:         edge.softmax %[[T]] {axis = 3 : i64}
// CHECK:         edge.reshape %{{.*}} -> tensor<1x4x8xf32>
func.func @main(%x: tensor<1x4x8xf32> {onnx.name = "x"}, %m: tensor<1x4xi32> {onnx.name = "m"})
    -> (tensor<*xf32> {onnx.name = "y"}) {
  %w = onnx.constant dense<0.5> : tensor<8x24xf32>
  %b = onnx.constant dense<0.5> : tensor<24xf32>
  %y = onnx.node "Attention"(%x, %w, %b, %m) domain "com.microsoft" since 1 {num_heads = 2 : i64}
      : (tensor<1x4x8xf32>, tensor<8x24xf32>, tensor<24xf32>, tensor<1x4xi32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// CHECK-LABEL: func.func @main(
// CHECK:         %[[SEEN:.*]] = edge.constant dense<{{\[\[}}true, false], [true, true]]> : tensor<2x2xi1>
// CHECK:         edge.select %[[SEEN]]
// CHECK:         edge.softmax
func.func @main(%q: tensor<1x2x8xf32> {onnx.name = "q"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  %y = onnx.node "MultiHeadAttention"(%q, %q, %q) domain "com.microsoft" since 1 {num_heads = 2 : i64, unidirectional = 1 : i64}
      : (tensor<1x2x8xf32>, tensor<1x2x8xf32>, tensor<1x2x8xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// The halves of a head turn by the angles of their positions.

// CHECK-LABEL: func.func @main(
// CHECK:         edge.gather %{{.*}} : tensor<9x2xf32>, tensor<1x3xi64> -> tensor<1x3x2xf32>
// CHECK:         edge.sub
// CHECK:         edge.add
// CHECK:         edge.concat({{.*}}) {axis = 3 : i64}
func.func @main(%x: tensor<1x2x3x4xf32> {onnx.name = "x"}, %p: tensor<1x3xi64> {onnx.name = "p"},
                %c: tensor<9x2xf32> {onnx.name = "c"}, %s: tensor<9x2xf32> {onnx.name = "s"})
    -> (tensor<*xf32> {onnx.name = "y"}) {
  %y = onnx.node "RotaryEmbedding"(%x, %p, %c, %s) domain "com.microsoft" since 1
      : (tensor<1x2x3x4xf32>, tensor<1x3xi64>, tensor<9x2xf32>, tensor<9x2xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}
