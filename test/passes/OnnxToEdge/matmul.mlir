// RUN: edgecc-opt %s -split-input-file -edgecc-onnx-to-edge | FileCheck %s

// Operands of rank one get a dimension for the product and lose it after.

// CHECK-LABEL: func.func @main(
// CHECK:         %[[R:.*]] = edge.reshape %{{.*}} : tensor<3xf32> -> tensor<3x1xf32>
// CHECK:         %[[P:.*]] = edge.matmul(%{{.*}}, %[[R]]) {{.*}} -> tensor<2x5x1xf32>
// CHECK:         edge.reshape %[[P]] : tensor<2x5x1xf32> -> tensor<2x5xf32>
// CHECK:         edge.matmul({{.*}}) : (tensor<1x3xf32>, tensor<3x1xf32>) -> tensor<1x1xf32>
// CHECK:         -> tensor<f32>
func.func @main(%a: tensor<2x5x3xf32> {onnx.name = "a"}, %b: tensor<3xf32> {onnx.name = "b"})
    -> (tensor<2x5xf32> {onnx.name = "y"}, tensor<f32> {onnx.name = "z"}) {
  %y = onnx.node "MatMul"(%a, %b) since 13
      : (tensor<2x5x3xf32>, tensor<3xf32>) -> tensor<2x5xf32>
  %z = onnx.node "MatMul"(%b, %b) since 13 : (tensor<3xf32>, tensor<3xf32>) -> tensor<f32>
  return %y, %z : tensor<2x5xf32>, tensor<f32>
}

// -----

// Constant weights take alpha, a row of C is the bias.

// CHECK-LABEL: func.func @main(
// CHECK-SAME:    %[[A:[^:]*]]: tensor<2x3xf32>
// CHECK-SAME:    %[[C:[^:]*]]: tensor<1x2xf32>
// CHECK-DAG:     %[[W:.*]] = edge.constant dense<2.000000e+00> : tensor<3x2xf32>
// CHECK-DAG:     %[[B:.*]] = edge.reshape %[[C]] : tensor<1x2xf32> -> tensor<2xf32>
// CHECK:         edge.matmul(%[[A]], %[[W]], %[[B]])
func.func @main(%a: tensor<2x3xf32> {onnx.name = "a"}, %c: tensor<1x2xf32> {onnx.name = "c"})
    -> (tensor<2x2xf32> {onnx.name = "y"}) {
  %w = onnx.constant dense<4.0> : tensor<2x3xf32>
  %y = onnx.node "Gemm"(%a, %w, %c) since 13 {alpha = 0.5 : f32, transB = 1 : i64}
      : (tensor<2x3xf32>, tensor<2x3xf32>, tensor<1x2xf32>) -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}

// -----

// A column of C is added to the product.

// CHECK-LABEL: func.func @main(
// CHECK-SAME:    %[[C:[^:]*]]: tensor<2x1xf32> {edge.name = "c"}
// CHECK:         %[[P:.*]] = edge.matmul(%{{[^,]*}}, %{{[^,]*}}) :
// CHECK:         edge.add %[[P]], %[[C]]
func.func @main(%a: tensor<3x2xf32> {onnx.name = "a"}, %b: tensor<3x2xf32> {onnx.name = "b"},
                %c: tensor<2x1xf32> {onnx.name = "c"})
    -> (tensor<2x2xf32> {onnx.name = "y"}) {
  %y = onnx.node "Gemm"(%a, %b, %c) since 13 {transA = 1 : i64}
      : (tensor<3x2xf32>, tensor<3x2xf32>, tensor<2x1xf32>) -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}

// -----

// Attention scores: batch dimensions b and h, one contracted dimension.

// CHECK-LABEL: func.func @main(
// CHECK:         edge.matmul({{.*}}) : (tensor<6x4x8xf32>, tensor<6x8x5xf32>) -> tensor<6x4x5xf32>
// CHECK:         edge.reshape {{.*}} -> tensor<2x3x4x5xf32>
func.func @main(%q: tensor<2x4x3x8xf32> {onnx.name = "q"}, %k: tensor<2x5x3x8xf32> {onnx.name = "k"})
    -> (tensor<2x3x4x5xf32> {onnx.name = "y"}) {
  %y = onnx.node "Einsum"(%q, %k) since 12 {equation = "bqhd,bkhd->bhqk"}
      : (tensor<2x4x3x8xf32>, tensor<2x5x3x8xf32>) -> tensor<2x3x4x5xf32>
  return %y : tensor<2x3x4x5xf32>
}

// -----

// One operand: a sum over what the result leaves out, then its order.

// CHECK-LABEL: func.func @main(
// CHECK:         %[[S:.*]] = edge.reduce sum(%{{.*}}) axes [1]
// CHECK:         %[[R:.*]] = edge.reshape %[[S]] : tensor<2x1x4xf32> -> tensor<2x4xf32>
// CHECK:         edge.transpose %[[R]] [1, 0]
func.func @main(%x: tensor<2x3x4xf32> {onnx.name = "x"}) -> (tensor<4x2xf32> {onnx.name = "y"}) {
  %y = onnx.node "Einsum"(%x) since 12 {equation = "i j k -> k i"}
      : (tensor<2x3x4xf32>) -> tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}
