// RUN: edgecc-opt %s -split-input-file -edgecc-onnx-to-edge | FileCheck %s

// Names move to edge.name, attributes of the onnx dialect go, a leading
// dimension that is not known is one, as are others of its name.

// CHECK:       module {
// CHECK-LABEL: func.func @main(
// CHECK-SAME:    %[[X:.*]]: tensor<1x3x8x8xf32> {edge.name = "x"},
// CHECK-SAME:    %[[M:.*]]: tensor<2x1xf32> {edge.name = "state"})
// CHECK-SAME:    -> (tensor<1x3x8x8xf32> {edge.name = "y"})
// CHECK-NEXT:    return %[[X]]
module attributes {onnx.opsets = {ai.onnx = 17 : i64}, onnx.ir_version = 8 : i64} {
  func.func @main(
      %x: tensor<?x3x8x8xf32> {onnx.name = "x", onnx.dim_params = ["N", "", "", ""]},
      %m: tensor<2x?xf32> {onnx.name = "state", onnx.dim_params = ["", "N"]})
      -> (tensor<?x3x8x8xf32> {onnx.name = "y"}) {
    %unused = onnx.constant dense<1.0> : tensor<2xf32>
    return %x : tensor<?x3x8x8xf32>
  }
}

// -----

// Types come from inference: what the model states about %y is wrong.

// CHECK-LABEL: func.func @main(
// CHECK-SAME:    -> (tensor<2x5xf32> {edge.name = "y"})
// CHECK:         edge.matmul({{.*}}) : (tensor<2x3xf32>, tensor<3x5xf32>) -> tensor<2x5xf32>
func.func @main(%a: tensor<2x3xf32> {onnx.name = "a"},
                %b: tensor<3x5xf32> {onnx.name = "b"})
    -> (tensor<7x7xf32> {onnx.name = "y"}) {
  %y = onnx.node "MatMul"(%a, %b) since 13
      : (tensor<2x3xf32>, tensor<3x5xf32>) -> tensor<7x7xf32>
  return %y : tensor<7x7xf32>
}

// -----

// Half precision is widened at the inputs and rounded at the outputs only.

// CHECK-LABEL: func.func @main(
// CHECK-SAME:    %[[X:[^:]*]]: tensor<2xf16>
// CHECK-DAG:     %[[W:.*]] = edge.cast %[[X]] to f32
// CHECK-DAG:     %[[C:.*]] = edge.constant dense<[5.000000e-01, 2.000000e+00]> : tensor<2xf32>
// CHECK:         %[[M:.*]] = edge.mul %[[W]], %[[C]] : tensor<2xf32>
// CHECK-NEXT:    %[[T:.*]] = edge.tanh %[[M]] : tensor<2xf32>
// CHECK-NEXT:    %[[Y:.*]] = edge.cast %[[T]] to f16
// CHECK-NEXT:    return %[[Y]]
func.func @main(%x: tensor<2xf16> {onnx.name = "x"}) -> (tensor<2xf16> {onnx.name = "y"}) {
  %c = onnx.constant dense<[0.5, 2.0]> : tensor<2xf16>
  %m = onnx.node "Mul"(%x, %c) since 14 : (tensor<2xf16>, tensor<2xf16>) -> tensor<2xf16>
  %y = onnx.node "Tanh"(%m) since 13 : (tensor<2xf16>) -> tensor<2xf16>
  return %y : tensor<2xf16>
}
