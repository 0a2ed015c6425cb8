// RUN: edgecc-opt %s -split-input-file -edgecc-onnx-to-edge | FileCheck %s

// Two directions: one product of all inputs each, states joined along a new
// dimension.

// CHECK-LABEL: func.func @main(
// CHECK-SAME:    %[[X:[^:]*]]: tensor<5x2x3xf32>
// CHECK-DAG:     %[[ZERO:.*]] = edge.constant dense<0.000000e+00> : tensor<2x4xf32>
// CHECK:         edge.matmul({{.*}}) : (tensor<10x3xf32>, tensor<3x16xf32>) -> tensor<10x16xf32>
// CHECK:         %[[F:[^,]*]], %[[H:[^,]*]], %{{.*}} = edge.lstm({{.*}}) : (tensor<5x2x16xf32>, tensor<4x16xf32>, tensor<2x4xf32>, tensor<2x4xf32>)
// CHECK:         edge.lstm({{.*}}) {reverse}
// CHECK:         edge.concat({{.*}}) {axis = 1 : i64} : (tensor<5x1x2x4xf32>, tensor<5x1x2x4xf32>) -> tensor<5x2x2x4xf32>
func.func @main(%x: tensor<5x2x3xf32> {onnx.name = "x"}, %w: tensor<2x16x3xf32> {onnx.name = "w"},
                %r: tensor<2x16x4xf32> {onnx.name = "r"})
    -> (tensor<5x2x2x4xf32> {onnx.name = "y"}) {
  %y = onnx.node "LSTM"(%x, %w, %r) since 14 {hidden_size = 4 : i64, direction = "bidirectional"}
      : (tensor<5x2x3xf32>, tensor<2x16x3xf32>, tensor<2x16x4xf32>) -> tensor<5x2x2x4xf32>
  return %y : tensor<5x2x2x4xf32>
}

// -----

// A GRU that resets after the product keeps the bias of the recurrence.

// CHECK-LABEL: func.func @main(
// CHECK-DAG:     %[[IN:.*]] = edge.constant dense<1.000000e+00> : tensor<6xf32>
// CHECK-DAG:     %[[REC:.*]] = edge.constant dense<2.000000e+00> : tensor<6xf32>
// CHECK-DAG:     edge.matmul(%{{[^,]*}}, %{{[^,]*}}, %[[IN]])
// CHECK:         edge.gru({{.*}}, %[[REC]]) {linear_before_reset}
// CHECK:         %[[SUM:.*]] = edge.constant dense<3.000000e+00> : tensor<6xf32>
// CHECK:         edge.matmul(%{{[^,]*}}, %{{[^,]*}}, %[[SUM]])
// CHECK:         edge.gru(%{{[^,]*}}, %{{[^,]*}}, %{{[^,]*}}) :
func.func @main(%x: tensor<5x1x3xf32> {onnx.name = "x"}, %w: tensor<1x6x3xf32> {onnx.name = "w"},
                %r: tensor<1x6x2xf32> {onnx.name = "r"})
    -> (tensor<1x1x2xf32> {onnx.name = "y"}, tensor<1x1x2xf32> {onnx.name = "z"}) {
  %b = onnx.constant dense<[[1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0]]> : tensor<1x12xf32>
  %y:2 = onnx.node "GRU"(%x, %w, %r, %b) since 14 {linear_before_reset = 1 : i64}
      : (tensor<5x1x3xf32>, tensor<1x6x3xf32>, tensor<1x6x2xf32>, tensor<1x12xf32>) -> (none, tensor<1x1x2xf32>)
  %z:2 = onnx.node "GRU"(%x, %w, %r, %b) since 14
      : (tensor<5x1x3xf32>, tensor<1x6x3xf32>, tensor<1x6x2xf32>, tensor<1x12xf32>) -> (none, tensor<1x1x2xf32>)
  return %y#1, %z#1 : tensor<1x1x2xf32>, tensor<1x1x2xf32>
}

// -----

// What the cells do not know is a loop: limits, other activations, lengths.

// CHECK-LABEL: func.func @main(
// CHECK:         edge.matmul
// CHECK:         %[[Y:.*]]:2 = edge.loop 5 from(%{{.*}}) : (tensor<2x4xf32>) -> (tensor<2x4xf32>, tensor<5x2x4xf32>) {
// CHECK:           edge.gather %{{.*}}[%{{.*}}] {axis = 0 : i64}
// CHECK:           edge.clamp %{{.*}} {max = 2.000000e+00 : f64, min = -2.000000e+00 : f64}
// CHECK:           edge.compare lt
// CHECK:         edge.slice %[[Y]]#1 offsets [4, 0, 0] sizes [5, 2, 4] strides [-1, 1, 1]
func.func @main(%x: tensor<5x2x3xf32> {onnx.name = "x"}, %w: tensor<1x4x3xf32> {onnx.name = "w"},
                %r: tensor<1x4x4xf32> {onnx.name = "r"}, %n: tensor<2xi32> {onnx.name = "n"})
    -> (tensor<5x1x2x4xf32> {onnx.name = "y"}) {
  %b = onnx.none
  %y = onnx.node "RNN"(%x, %w, %r, %b, %n) since 14 {activations = ["Softsign"], clip = 2.0 : f32, direction = "reverse"}
      : (tensor<5x2x3xf32>, tensor<1x4x3xf32>, tensor<1x4x4xf32>, none, tensor<2xi32>) -> tensor<5x1x2x4xf32>
  return %y : tensor<5x1x2x4xf32>
}
