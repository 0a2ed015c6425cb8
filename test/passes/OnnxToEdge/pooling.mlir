// RUN: edgecc-opt %s -split-input-file -edgecc-onnx-to-edge | FileCheck %s

// ceil_mode adds padding at the end, but no window starts there: 7 + 2 elements
// with stride 3 have 3 windows of 3 and no fourth.

// CHECK-LABEL: func.func @main(
// CHECK:         edge.pool max(%{{.*}}) kernel [3] strides [3] pads_low [1] pads_high [1]
// CHECK-SAME:      (tensor<1x7x2xf32>) -> tensor<1x3x2xf32>
// CHECK:         edge.pool max(%{{.*}}) kernel [2] strides [2] pads_low [0] pads_high [1]
// CHECK-SAME:      (tensor<1x7x2xf32>) -> tensor<1x4x2xf32>
func.func @main(%x: tensor<1x2x7xf32> {onnx.name = "x"})
    -> (tensor<1x2x3xf32> {onnx.name = "y"}, tensor<1x2x4xf32> {onnx.name = "z"}) {
  %y = onnx.node "MaxPool"(%x) since 12 {
    kernel_shape = array<i64: 3>, strides = array<i64: 3>, pads = array<i64: 1, 1>, ceil_mode = 1 : i64
  } : (tensor<1x2x7xf32>) -> tensor<1x2x3xf32>
  %z = onnx.node "MaxPool"(%x) since 12 {
    kernel_shape = array<i64: 2>, strides = array<i64: 2>, ceil_mode = 1 : i64
  } : (tensor<1x2x7xf32>) -> tensor<1x2x4xf32>
  return %y, %z : tensor<1x2x3xf32>, tensor<1x2x4xf32>
}

// -----

// An average without the border divides by what each window covers; one that
// counts it divides by one number.

// CHECK-LABEL: func.func @main(
// CHECK:         %[[S:.*]] = edge.pool sum(
// CHECK:         %[[COUNTS:.*]] = edge.constant dense<{{\[\[}}5.000000e-01], {{\[}}0.333333343], {{\[}}0.333333343], {{\[}}5.000000e-01]]> : tensor<4x1xf32>
// CHECK:         edge.mul %[[S]], %[[COUNTS]]
// CHECK:         %[[T:.*]] = edge.pool sum(
// CHECK:         %[[THIRD:.*]] = edge.constant dense<0.333333343> : tensor<f32>
// CHECK:         edge.mul %[[T]], %[[THIRD]]
func.func @main(%x: tensor<1x2x4xf32> {onnx.name = "x"})
    -> (tensor<1x2x4xf32> {onnx.name = "y"}, tensor<1x2x4xf32> {onnx.name = "z"}) {
  %y = onnx.node "AveragePool"(%x) since 11 {
    kernel_shape = array<i64: 3>, pads = array<i64: 1, 1>
  } : (tensor<1x2x4xf32>) -> tensor<1x2x4xf32>
  %z = onnx.node "AveragePool"(%x) since 11 {
    kernel_shape = array<i64: 3>, pads = array<i64: 1, 1>, count_include_pad = 1 : i64
  } : (tensor<1x2x4xf32>) -> tensor<1x2x4xf32>
  return %y, %z : tensor<1x2x4xf32>, tensor<1x2x4xf32>
}

// -----

// Global pooling is a reduction of channels-last values; (N, 1, 1, C) to
// (N, C, 1, 1) costs nothing.

// CHECK-LABEL: func.func @main(
// CHECK:         %[[T:.*]] = edge.transpose %{{.*}} [0, 2, 3, 1]
// CHECK:         %[[S:.*]] = edge.reduce sum(%[[T]]) axes [1, 2]
// CHECK:         %[[R:.*]] = edge.reshape %[[S]] : tensor<2x1x1x3xf32> -> tensor<2x3x1x1xf32>
// CHECK:         edge.mul %[[R]]
func.func @main(%x: tensor<2x3x4x4xf32> {onnx.name = "x"})
    -> (tensor<2x3x1x1xf32> {onnx.name = "y"}) {
  %y = onnx.node "GlobalAveragePool"(%x) since 1
      : (tensor<2x3x4x4xf32>) -> tensor<2x3x1x1xf32>
  return %y : tensor<2x3x1x1xf32>
}
