// RUN: edgecc-opt %s -split-input-file -edgecc-onnx-to-edge | FileCheck %s

// A convolution becomes channels-last; the weights OIHW are transposed to HWIO.

// CHECK-LABEL: func.func @main(
// CHECK-SAME:    %[[X:[^:]*]]: tensor<1x2x8x8xf32>
// CHECK-SAME:    %[[W:[^:]*]]: tensor<4x2x3x3xf32>
// CHECK-DAG:     %[[XT:.*]] = edge.transpose %[[X]] [0, 2, 3, 1]
// CHECK-DAG:     %[[WT:.*]] = edge.transpose %[[W]] [2, 3, 1, 0]
// CHECK:         %[[Y:.*]] = edge.conv(%[[XT]], %[[WT]]) strides [2, 2] pads_low [1, 1] pads_high [0, 1]
// CHECK-SAME:      -> tensor<1x4x4x4xf32>
// CHECK:         edge.transpose %[[Y]] [0, 3, 1, 2]
func.func @main(%x: tensor<1x2x8x8xf32> {onnx.name = "x"}, %w: tensor<4x2x3x3xf32> {onnx.name = "w"})
    -> (tensor<1x4x4x4xf32> {onnx.name = "y"}) {
  %y = onnx.node "Conv"(%x, %w) since 11 {
    strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 0, 1>
  } : (tensor<1x2x8x8xf32>, tensor<4x2x3x3xf32>) -> tensor<1x4x4x4xf32>
  return %y : tensor<1x4x4x4xf32>
}

// -----

// SAME_UPPER puts the odd element at the end; dilations count.

// CHECK-LABEL: func.func @main(
// CHECK:         edge.conv({{.*}}) strides [2] dilations [2] pads_low [1] pads_high [2]
// CHECK-SAME:      -> tensor<1x4x1xf32>
func.func @main(%x: tensor<1x1x8xf32> {onnx.name = "x"}, %w: tensor<1x1x3xf32> {onnx.name = "w"})
    -> (tensor<1x1x4xf32> {onnx.name = "y"}) {
  %y = onnx.node "Conv"(%x, %w) since 11 {
    strides = array<i64: 2>, dilations = array<i64: 2>, auto_pad = "SAME_UPPER"
  } : (tensor<1x1x8xf32>, tensor<1x1x3xf32>) -> tensor<1x1x4xf32>
  return %y : tensor<1x1x4xf32>
}

// -----

// Half precision is computed in f32.

// CHECK-LABEL: func.func @main(
// CHECK:         edge.conv({{.*}}) strides [1] {{.*}} groups 2
// CHECK-SAME:      (tensor<1x8x2xf32>, tensor<1x1x2xf32>, tensor<2xf32>) -> tensor<1x8x2xf32>
// CHECK:         edge.cast {{.*}} to f16 : tensor<1x2x8xf32> -> tensor<1x2x8xf16>
func.func @main(%x: tensor<1x2x8xf16> {onnx.name = "x"}, %w: tensor<2x1x1xf16> {onnx.name = "w"},
                %b: tensor<2xf16> {onnx.name = "b"})
    -> (tensor<1x2x8xf16> {onnx.name = "y"}) {
  %y = onnx.node "Conv"(%x, %w, %b) since 11 {group = 2 : i64}
      : (tensor<1x2x8xf16>, tensor<2x1x1xf16>, tensor<2xf16>) -> tensor<1x2x8xf16>
  return %y : tensor<1x2x8xf16>
}

// -----

// The output shape of a transposed convolution decides on pads, or on more
// output padding where there is not enough.

// CHECK-LABEL: func.func @main(
// CHECK:         edge.conv_transpose({{.*}}) strides [3, 2] pads_low [0, 1] pads_high [0, 0] output_padding [1, 0]
// CHECK-SAME:      -> tensor<1x10x6x1xf32>
func.func @main(%x: tensor<1x1x3x3xf32> {onnx.name = "x"}, %w: tensor<1x1x3x3xf32> {onnx.name = "w"})
    -> (tensor<1x1x10x6xf32> {onnx.name = "y"}) {
  %y = onnx.node "ConvTranspose"(%x, %w) since 11 {
    strides = array<i64: 3, 2>, output_shape = array<i64: 10, 6>
  } : (tensor<1x1x3x3xf32>, tensor<1x1x3x3xf32>) -> tensor<1x1x10x6xf32>
  return %y : tensor<1x1x10x6xf32>
}

// -----

// CHECK-LABEL: func.func @main(
// CHECK-SAME:    %{{.*}}, %{{.*}}, %[[Z:[^:]*]]: tensor<1x1x4xf32> {edge.name = "z"})
// CHECK:         edge.conv
// CHECK:         %[[S:.*]] = edge.add %{{.*}}, %[[Z]]
// CHECK:         edge.clamp %[[S]] {max = 0x7FF0000000000000 : f64, min = 0.000000e+00 : f64}
func.func @main(%x: tensor<1x1x4xf32> {onnx.name = "x"}, %w: tensor<1x1x1xf32> {onnx.name = "w"},
                %z: tensor<1x1x4xf32> {onnx.name = "z"})
    -> (tensor<1x1x4xf32> {onnx.name = "y"}) {
  %b = onnx.none
  %y = onnx.node "FusedConv"(%x, %w, %b, %z) domain "com.microsoft" since 1 {activation = "Relu"}
      : (tensor<1x1x4xf32>, tensor<1x1x1xf32>, none, tensor<1x1x4xf32>) -> tensor<1x1x4xf32>
  return %y : tensor<1x1x4xf32>
}
