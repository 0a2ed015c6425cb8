// RUN: edgecc-opt %s -split-input-file -edgecc-onnx-to-edge | FileCheck %s

// Shape arithmetic folds away: a reshape to (second dimension, rest).

// CHECK-LABEL: func.func @main(
// CHECK-SAME:    %[[X:.*]]: tensor<2x3x4xf32>
// CHECK-NEXT:    %[[Y:.*]] = edge.reshape %[[X]] : tensor<2x3x4xf32> -> tensor<3x8xf32>
// CHECK-NEXT:    return %[[Y]]
func.func @main(%x: tensor<2x3x4xf32> {onnx.name = "x"}) -> (tensor<?x?xf32> {onnx.name = "y"}) {
  %one = onnx.constant dense<1> : tensor<i64>
  %first = onnx.constant dense<0> : tensor<1xi64>
  %rest = onnx.constant dense<-1> : tensor<1xi64>
  %s = onnx.node "Shape"(%x) since 15 : (tensor<2x3x4xf32>) -> tensor<3xi64>
  %g = onnx.node "Gather"(%s, %one) since 13 : (tensor<3xi64>, tensor<i64>) -> tensor<i64>
  %u = onnx.node "Unsqueeze"(%g, %first) since 13 : (tensor<i64>, tensor<1xi64>) -> tensor<1xi64>
  %c = onnx.node "Concat"(%u, %rest) since 13 {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>) -> tensor<2xi64>
  %y = onnx.node "Reshape"(%x, %c) since 14 : (tensor<2x3x4xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// -----

// Zero copies a dimension, unless allowzero makes it mean itself.

// CHECK-LABEL: func.func @main(
// CHECK:         edge.reshape %{{.*}} : tensor<2x3x4xf32> -> tensor<2x12xf32>
// CHECK:         edge.reshape %{{.*}} : tensor<0x3xf32> -> tensor<3x0xf32>
func.func @main(%x: tensor<2x3x4xf32> {onnx.name = "x"}, %e: tensor<0x3xf32> {onnx.name = "e"})
    -> (tensor<2x12xf32> {onnx.name = "y"}, tensor<3x0xf32> {onnx.name = "z"}) {
  %s = onnx.constant dense<[0, -1]> : tensor<2xi64>
  %t = onnx.constant dense<[3, 0]> : tensor<2xi64>
  %y = onnx.node "Reshape"(%x, %s) since 14 : (tensor<2x3x4xf32>, tensor<2xi64>) -> tensor<2x12xf32>
  %z = onnx.node "Reshape"(%e, %t) since 14 {allowzero = 1 : i64} : (tensor<0x3xf32>, tensor<2xi64>) -> tensor<3x0xf32>
  return %y, %z : tensor<2x12xf32>, tensor<3x0xf32>
}

// -----

// Axes are an attribute before version 13 and an operand since; Shape takes a
// part; Size counts; Flatten makes two dimensions of any number.

// CHECK-LABEL: func.func @main(
// CHECK-SAME:    -> (tensor<1x3xf32> {edge.name = "a"}, tensor<3x1xf32> {edge.name = "b"}, tensor<3xf32> {edge.name = "c"}, tensor<1x1x3x1x1xf32> {edge.name = "d"}, tensor<1xi64> {edge.name = "e"}, tensor<i64> {edge.name = "f"}, tensor<1x3xf32> {edge.name = "g"}, tensor<3x1xf32> {edge.name = "h"})
// CHECK-DAG:     edge.constant dense<3> : tensor<1xi64>
// CHECK-DAG:     edge.constant dense<3> : tensor<i64>
func.func @main(%x: tensor<1x3x1xf32> {onnx.name = "x"})
    -> (tensor<*xf32> {onnx.name = "a"}, tensor<*xf32> {onnx.name = "b"}, tensor<*xf32> {onnx.name = "c"},
        tensor<*xf32> {onnx.name = "d"}, tensor<*xi64> {onnx.name = "e"}, tensor<*xi64> {onnx.name = "f"},
        tensor<*xf32> {onnx.name = "g"}, tensor<*xf32> {onnx.name = "h"}) {
  %last = onnx.constant dense<-1> : tensor<1xi64>
  %ends = onnx.constant dense<[-1, 0]> : tensor<2xi64>
  %a = onnx.node "Squeeze"(%x, %last) since 13 : (tensor<1x3x1xf32>, tensor<1xi64>) -> tensor<*xf32>
  %b = onnx.node "Squeeze"(%x) since 11 {axes = array<i64: 0>} : (tensor<1x3x1xf32>) -> tensor<*xf32>
  %c = onnx.node "Squeeze"(%x) since 13 : (tensor<1x3x1xf32>) -> tensor<*xf32>
  %d = onnx.node "Unsqueeze"(%x, %ends) since 13 : (tensor<1x3x1xf32>, tensor<2xi64>) -> tensor<*xf32>
  %e = onnx.node "Shape"(%x) since 15 {start = -2 : i64, end = 2 : i64} : (tensor<1x3x1xf32>) -> tensor<*xi64>
  %f = onnx.node "Size"(%x) since 13 : (tensor<1x3x1xf32>) -> tensor<*xi64>
  %g = onnx.node "Flatten"(%x) since 13 {axis = 0 : i64} : (tensor<1x3x1xf32>) -> tensor<*xf32>
  %h = onnx.node "Flatten"(%x) since 13 {axis = -1 : i64} : (tensor<1x3x1xf32>) -> tensor<*xf32>
  return %a, %b, %c, %d, %e, %f, %g, %h : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>,
    tensor<*xi64>, tensor<*xi64>, tensor<*xf32>, tensor<*xf32>
}

// -----

// A transpose without a permutation reverses; Expand broadcasts both ways; a
// dimension that Tile repeats gets one before it, unless its size is one.

// CHECK-LABEL: func.func @main(
// CHECK:         edge.transpose %{{.*}} [1, 0] : tensor<2x1xf32> -> tensor<1x2xf32>
// CHECK:         edge.broadcast %{{.*}} : tensor<2x1xf32> -> tensor<4x2x3xf32>
// CHECK:         edge.broadcast %{{.*}} : tensor<2x1xf32> -> tensor<2x5xf32>
// CHECK:         %[[N:.*]] = edge.reshape %{{.*}} : tensor<2x1xf32> -> tensor<1x2x1xf32>
// CHECK:         %[[B:.*]] = edge.broadcast %[[N]] : tensor<1x2x1xf32> -> tensor<3x2x5xf32>
// CHECK:         edge.reshape %[[B]] : tensor<3x2x5xf32> -> tensor<6x5xf32>
func.func @main(%x: tensor<2x1xf32> {onnx.name = "x"})
    -> (tensor<*xf32> {onnx.name = "a"}, tensor<*xf32> {onnx.name = "b"}, tensor<*xf32> {onnx.name = "c"},
        tensor<*xf32> {onnx.name = "d"}) {
  %s = onnx.constant dense<[4, 1, 3]> : tensor<3xi64>
  %r = onnx.constant dense<[1, 5]> : tensor<2xi64>
  %q = onnx.constant dense<[3, 5]> : tensor<2xi64>
  %a = onnx.node "Transpose"(%x) since 13 : (tensor<2x1xf32>) -> tensor<*xf32>
  %b = onnx.node "Expand"(%x, %s) since 13 : (tensor<2x1xf32>, tensor<3xi64>) -> tensor<*xf32>
  %c = onnx.node "Tile"(%x, %r) since 13 : (tensor<2x1xf32>, tensor<2xi64>) -> tensor<*xf32>
  %d = onnx.node "Tile"(%x, %q) since 13 : (tensor<2x1xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %a, %b, %c, %d : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}

// -----

// Parts without elements do not count.

// CHECK-LABEL: func.func @main(
// CHECK-SAME:    %[[X:[^:]*]]: tensor<2x3xf32>
// CHECK-NEXT:    return %[[X]]
func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}, %e: tensor<2x0xf32> {onnx.name = "e"})
    -> (tensor<*xf32> {onnx.name = "y"}) {
  %y = onnx.node "Concat"(%e, %x, %e) since 13 {axis = -1 : i64}
      : (tensor<2x0xf32>, tensor<2x3xf32>, tensor<2x0xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// Split by an attribute, by an operand, into a number of parts (the last one is
// smaller), and into as many as there are outputs.

// CHECK-LABEL: func.func @main(
// CHECK:         offsets [0, 0] sizes [2, 3] strides [1, 1]
// CHECK:         offsets [2, 0] sizes [5, 3] strides [1, 1]
// CHECK:         offsets [0, 1] sizes [7, 2] strides [1, 1]
// CHECK:         offsets [6, 0] sizes [1, 3] strides [1, 1]
// CHECK:         offsets [4, 0] sizes [3, 3] strides [1, 1]
func.func @main(%x: tensor<7x3xf32> {onnx.name = "x"})
    -> (tensor<*xf32> {onnx.name = "a"}, tensor<*xf32> {onnx.name = "b"}, tensor<*xf32> {onnx.name = "c"},
        tensor<*xf32> {onnx.name = "d"}, tensor<*xf32> {onnx.name = "e"}) {
  %s = onnx.constant dense<[1, 2]> : tensor<2xi64>
  %a, %b = onnx.node "Split"(%x) since 11 {split = array<i64: 2, 5>} : (tensor<7x3xf32>) -> (tensor<*xf32>, tensor<*xf32>)
  %c:2 = onnx.node "Split"(%x, %s) since 13 {axis = 1 : i64} : (tensor<7x3xf32>, tensor<2xi64>) -> (tensor<*xf32>, tensor<*xf32>)
  %d:3 = onnx.node "Split"(%x) since 18 {num_outputs = 3 : i64} : (tensor<7x3xf32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>)
  %e:2 = onnx.node "Split"(%x) since 13 : (tensor<7x3xf32>) -> (tensor<*xf32>, tensor<*xf32>)
  return %a, %b, %c#1, %d#2, %e#1 : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}
