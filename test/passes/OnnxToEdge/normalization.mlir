// RUN: edgecc-opt %s -split-input-file -edgecc-onnx-to-edge | FileCheck %s

// The statistics of a batch normalisation fold to one factor and one addend:
// 4 / sqrt(3.75 + 0.25) and 1 - 3 * 2.

// CHECK-LABEL: func.func @main(
// CHECK-SAME:    %[[X:[^:]*]]: tensor<1x2x4xf32>
// CHECK-DAG:     %[[F:.*]] = edge.constant dense<2.000000e+00> : tensor<2x1xf32>
// CHECK-DAG:     %[[A:.*]] = edge.constant dense<-5.000000e+00> : tensor<2x1xf32>
// CHECK-DAG:     %[[P:.*]] = edge.mul %[[X]], %[[F]]
// CHECK:         edge.add %[[P]], %[[A]]
func.func @main(%x: tensor<1x2x4xf32> {onnx.name = "x"}) -> (tensor<1x2x4xf32> {onnx.name = "y"}) {
  %s = onnx.constant dense<4.0> : tensor<2xf32>
  %b = onnx.constant dense<1.0> : tensor<2xf32>
  %m = onnx.constant dense<3.0> : tensor<2xf32>
  %v = onnx.constant dense<3.75> : tensor<2xf32>
  %y = onnx.node "BatchNormalization"(%x, %s, %b, %m, %v) since 15 {epsilon = 0.25 : f32}
      : (tensor<1x2x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>)
      -> tensor<1x2x4xf32>
  return %y : tensor<1x2x4xf32>
}

// -----

// A scale that broadcasts into the normalised dimensions is made whole; one
// that varies along others is a product of its own.

// CHECK-LABEL: func.func @main(
// CHECK-SAME:    %[[X:[^:]*]]: tensor<2x3x4xf32>
// CHECK-SAME:    %[[S:[^:]*]]: tensor<4xf32>
// CHECK-SAME:    %[[T:[^:]*]]: tensor<3x1xf32>
// CHECK:         %[[W:.*]] = edge.broadcast %[[S]] : tensor<4xf32> -> tensor<3x4xf32>
// CHECK:         edge.layer_norm(%[[X]], %[[W]]) {axis = 1 : i64
// CHECK:         %[[N:.*]] = edge.layer_norm(%[[X]]) {axis = 2 : i64
// CHECK:         edge.mul %[[N]], %[[T]]
func.func @main(%x: tensor<2x3x4xf32> {onnx.name = "x"}, %s: tensor<4xf32> {onnx.name = "s"},
                %t: tensor<3x1xf32> {onnx.name = "t"})
    -> (tensor<2x3x4xf32> {onnx.name = "y"}, tensor<2x3x4xf32> {onnx.name = "z"}) {
  %y = onnx.node "LayerNormalization"(%x, %s) since 17 {axis = -2 : i64}
      : (tensor<2x3x4xf32>, tensor<4xf32>) -> tensor<2x3x4xf32>
  %z = onnx.node "LayerNormalization"(%x, %t) since 17 {axis = -1 : i64}
      : (tensor<2x3x4xf32>, tensor<3x1xf32>) -> tensor<2x3x4xf32>
  return %y, %z : tensor<2x3x4xf32>, tensor<2x3x4xf32>
}

// -----

// The fourth result of a skip normalisation is the sum.

// CHECK-LABEL: func.func @main(
// CHECK:         %[[S:.*]] = edge.add
// CHECK:         %[[N:.*]] = edge.layer_norm(%[[S]], %{{.*}}) {axis = 1 : i64, epsilon = {{.*}}, rms}
// CHECK:         return %[[N]], %[[S]]
func.func @main(%x: tensor<2x4xf32> {onnx.name = "x"}, %k: tensor<2x4xf32> {onnx.name = "k"},
                %g: tensor<4xf32> {onnx.name = "g"})
    -> (tensor<2x4xf32> {onnx.name = "y"}, tensor<2x4xf32> {onnx.name = "z"}) {
  %y:4 = onnx.node "SkipSimplifiedLayerNormalization"(%x, %k, %g) domain "com.microsoft" since 1
      : (tensor<2x4xf32>, tensor<2x4xf32>, tensor<4xf32>) -> (tensor<2x4xf32>, none, none, tensor<2x4xf32>)
  return %y#0, %y#3 : tensor<2x4xf32>, tensor<2x4xf32>
}

// -----

// The sum over neighbouring channels is a pool that slides over the channels.

// CHECK-LABEL: func.func @main(
// CHECK:         edge.pool sum(%{{.*}}) kernel [4] strides [1] pads_low [1] pads_high [2]
// CHECK-SAME:      (tensor<1x5x12xf32>) -> tensor<1x5x12xf32>
// CHECK:         edge.pow
func.func @main(%x: tensor<1x5x3x4xf32> {onnx.name = "x"}) -> (tensor<1x5x3x4xf32> {onnx.name = "y"}) {
  %y = onnx.node "LRN"(%x) since 13 {size = 4 : i64}
      : (tensor<1x5x3x4xf32>) -> tensor<1x5x3x4xf32>
  return %y : tensor<1x5x3x4xf32>
}
