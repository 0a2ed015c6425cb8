// RUN: edgecc-opt %s -split-input-file -edgecc-onnx-to-edge | FileCheck %s

// Starts and ends count from the end when negative, and are limited to the
// tensor; a negative step walks backwards down to the first element.

// CHECK-LABEL: func.func @main(
// CHECK:         offsets [1, 0] sizes [4, 5] strides [1, 1]
// CHECK:         offsets [0, 0] sizes [5, 3] strides [1, 2]
// CHECK:         offsets [4, 0] sizes [5, 5] strides [-1, 1]
// CHECK:         offsets [3, 4] sizes [2, 3] strides [-2, -2]
// CHECK:         offsets [0, 0] sizes [0, 5] strides [1, 1]
func.func @main(%x: tensor<5x5xf32> {onnx.name = "x"})
    -> (tensor<*xf32> {onnx.name = "a"}, tensor<*xf32> {onnx.name = "b"}, tensor<*xf32> {onnx.name = "c"},
        tensor<*xf32> {onnx.name = "d"}, tensor<*xf32> {onnx.name = "e"}) {
  %zero = onnx.constant dense<0> : tensor<1xi64>
  %one = onnx.constant dense<1> : tensor<1xi64>
  %two = onnx.constant dense<2> : tensor<1xi32>
  %back = onnx.constant dense<-1> : tensor<1xi64>
  %max = onnx.constant dense<9223372036854775807> : tensor<1xi64>
  %min = onnx.constant dense<-9223372036854775808> : tensor<1xi64>
  %starts = onnx.constant dense<[-2, 100]> : tensor<2xi64>
  %ends = onnx.constant dense<[0, -100]> : tensor<2xi64>
  %steps = onnx.constant dense<[-2, -2]> : tensor<2xi64>
  %none = onnx.none
  %a = onnx.node "Slice"(%x) since 1 {starts = array<i64: 1>, ends = array<i64: 1000>, axes = array<i64: 0>} : (tensor<5x5xf32>) -> tensor<*xf32>
  %b = onnx.node "Slice"(%x, %zero, %max, %back, %two) since 13
      : (tensor<5x5xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi32>) -> tensor<*xf32>
  %c = onnx.node "Slice"(%x, %max, %min, %zero, %back) since 13
      : (tensor<5x5xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  %d = onnx.node "Slice"(%x, %starts, %ends, %none, %steps) since 13
      : (tensor<5x5xf32>, tensor<2xi64>, tensor<2xi64>, none, tensor<2xi64>) -> tensor<*xf32>
  %e = onnx.node "Slice"(%x, %max, %zero) since 13 : (tensor<5x5xf32>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  return %a, %b, %c, %d, %e : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}

// -----

// A slice of everything is nothing to do.

// CHECK-LABEL: func.func @main(
// CHECK-SAME:    %[[X:[^:]*]]: tensor<5xf32>
// CHECK-NEXT:    return %[[X]]
func.func @main(%x: tensor<5xf32> {onnx.name = "x"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  %y = onnx.node "Slice"(%x) since 1 {starts = array<i64: 0>, ends = array<i64: 9>} : (tensor<5xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// Negative pads take a border off first.

// CHECK-LABEL: func.func @main(
// CHECK:         edge.pad %{{.*}} constant low [1, 2] high [0, 0] {value = 3.000000e+00 : f64} : tensor<3x4xf32> -> tensor<4x6xf32>
// CHECK:         edge.pad %{{.*}} reflect low [0, 2] high [0, 1] : tensor<3x4xf32> -> tensor<3x7xf32>
// CHECK:         %[[CUT:.*]] = edge.slice %{{.*}} offsets [0, 1] sizes [3, 3] strides [1, 1]
// CHECK:         edge.pad %[[CUT]] edge low [0, 0] high [2, 0] : tensor<3x3xf32> -> tensor<5x3xf32>
// CHECK:         edge.slice %{{.*}} offsets [1, 0] sizes [1, 4] strides [1, 1]
func.func @main(%x: tensor<3x4xf32> {onnx.name = "x"})
    -> (tensor<*xf32> {onnx.name = "a"}, tensor<*xf32> {onnx.name = "b"}, tensor<*xf32> {onnx.name = "c"},
        tensor<*xf32> {onnx.name = "d"}) {
  %value = onnx.constant dense<3.0> : tensor<f32>
  %none = onnx.none
  %p = onnx.constant dense<[1, 2, 0, 0]> : tensor<4xi64>
  %q = onnx.constant dense<[2, 1]> : tensor<2xi64>
  %last = onnx.constant dense<-1> : tensor<1xi64>
  %r = onnx.constant dense<[0, -1, 2, 0]> : tensor<4xi64>
  %a = onnx.node "Pad"(%x, %p, %value) since 13 : (tensor<3x4xf32>, tensor<4xi64>, tensor<f32>) -> tensor<*xf32>
  %b = onnx.node "Pad"(%x, %q, %none, %last) since 18 {mode = "reflect"} : (tensor<3x4xf32>, tensor<2xi64>, none, tensor<1xi64>) -> tensor<*xf32>
  %c = onnx.node "Pad"(%x, %r) since 13 {mode = "edge"} : (tensor<3x4xf32>, tensor<4xi64>) -> tensor<*xf32>
  %d = onnx.node "Pad"(%x) since 2 {pads = array<i64: -1, 0, -1, 0>} : (tensor<3x4xf32>) -> tensor<*xf32>
  return %a, %b, %c, %d : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}

// -----

// A triangle is a choice by a constant mask; the middle of a picture is cut out
// of one dimension and padded in the other.

// CHECK-LABEL: func.func @main(
// CHECK:         %[[MASK:.*]] = edge.constant dense<{{\[\[}}false, true, true], [false, false, true]]> : tensor<2x3xi1>
// CHECK:         %[[ZERO:.*]] = edge.constant dense<0.000000e+00> : tensor<f32>
// CHECK:         edge.select %[[MASK]], %{{.*}}, %[[ZERO]]
// CHECK:         %[[CUT:.*]] = edge.slice %{{.*}} offsets [0, 1] sizes [2, 1] strides [1, 1]
// CHECK:         edge.pad %[[CUT]] constant low [1, 0] high [2, 0]
func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"})
    -> (tensor<*xf32> {onnx.name = "a"}, tensor<*xf32> {onnx.name = "b"}) {
  %k = onnx.constant dense<1> : tensor<i64>
  %s = onnx.constant dense<[5, 1]> : tensor<2xi64>
  %a = onnx.node "Trilu"(%x, %k) since 14 : (tensor<2x3xf32>, tensor<i64>) -> tensor<*xf32>
  %b = onnx.node "CenterCropPad"(%x, %s) since 18 : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %a, %b : tensor<*xf32>, tensor<*xf32>
}
