// RUN: edgecc-opt %s -split-input-file -edgecc-onnx-to-edge | FileCheck %s

// Nearest: a gather of constant indices per dimension, channels last.

// CHECK-LABEL: func.func @main(
// CHECK-DAG:     %[[I:.*]] = edge.constant dense<[0, 0, 1, 1]> : tensor<4xi64>
// CHECK-DAG:     %[[T:.*]] = edge.transpose %{{.*}} [0, 2, 3, 1]
// CHECK:         edge.gather %[[T]][%[[I]]] {axis = 1 : i64}
// CHECK:         edge.gather {{.*}} {axis = 2 : i64} : {{.*}} -> tensor<1x4x4x3xf32>
func.func @main(%x: tensor<1x3x2x2xf32> {onnx.name = "x"}) -> (tensor<1x3x4x4xf32> {onnx.name = "y"}) {
  %none = onnx.none
  %s = onnx.constant dense<[1.0, 1.0, 2.0, 2.0]> : tensor<4xf32>
  %y = onnx.node "Resize"(%x, %none, %s) since 19 {
    mode = "nearest", coordinate_transformation_mode = "asymmetric", nearest_mode = "floor"
  } : (tensor<1x3x2x2xf32>, none, tensor<4xf32>) -> tensor<1x3x4x4xf32>
  return %y : tensor<1x3x4x4xf32>
}

// -----

// Linear: sizes, only the dimension that changes.

// CHECK-LABEL: func.func @main(
// CHECK:         edge.resample %{{.*}} {axis = 2 : i64,
// CHECK-SAME:      indices = dense<{{\[\[}}0, 1], [0, 1], [0, 1], [1, 1]]> : tensor<4x2xi32>
// CHECK-SAME:      weights = dense<{{\[\[}}1.000000e+00, 0.000000e+00], [7.500000e-01, 2.500000e-01], [2.500000e-01, 7.500000e-01], [1.000000e+00, 0.000000e+00]]>
// CHECK-NOT:     edge.resample
func.func @main(%x: tensor<1x3x2x2xf32> {onnx.name = "x"}) -> (tensor<1x3x2x4xf32> {onnx.name = "y"}) {
  %none = onnx.none
  %s = onnx.constant dense<[1, 3, 2, 4]> : tensor<4xi64>
  %y = onnx.node "Resize"(%x, %none, %none, %s) since 19 {mode = "linear"}
      : (tensor<1x3x2x2xf32>, none, none, tensor<4xi64>) -> tensor<1x3x2x4xf32>
  return %y : tensor<1x3x2x4xf32>
}

// -----

// The aspect ratio is kept: both dimensions have the smaller scale, 2.

// CHECK-LABEL: func.func @main(
// CHECK:         -> (tensor<4x6xf32> {edge.name = "y"})
func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}) -> (tensor<4x6xf32> {onnx.name = "y"}) {
  %none = onnx.none
  %s = onnx.constant dense<[4, 9]> : tensor<2xi64>
  %y = onnx.node "Resize"(%x, %none, %none, %s) since 19 {keep_aspect_ratio_policy = "not_larger"}
      : (tensor<2x3xf32>, none, none, tensor<2xi64>) -> tensor<4x6xf32>
  return %y : tensor<4x6xf32>
}
