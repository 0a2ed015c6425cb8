// RUN: edgecc-opt %s -split-input-file -edgecc-onnx-to-edge | FileCheck %s

// Constant indices that are evenly spaced are a slice: one of them, a reversal,
// counted from the end. Others and those of run time are gathered.

// CHECK-LABEL: func.func @main(
// CHECK-SAME:    %[[X:[^:]*]]: tensor<2x5xf32> {edge.name = "x"}, %[[I:[^:]*]]: tensor<3xi32>
// CHECK:         %[[ONE:.*]] = edge.slice %[[X]] offsets [0, 3] sizes [2, 1] strides [1, 1]
// CHECK:         edge.reshape %[[ONE]] : tensor<2x1xf32> -> tensor<2xf32>
// CHECK:         edge.slice %[[X]] offsets [0, 4] sizes [2, 3] strides [1, -2]
// CHECK:         edge.gather %[[X]][%{{.*}}] {axis = 1 : i64} : tensor<2x5xf32>, tensor<3xi64> -> tensor<2x3xf32>
// CHECK:         edge.gather %[[X]][%[[I]]] {axis = 0 : i64} : tensor<2x5xf32>, tensor<3xi32> -> tensor<3x5xf32>
func.func @main(%x: tensor<2x5xf32> {onnx.name = "x"}, %i: tensor<3xi32> {onnx.name = "i"})
    -> (tensor<*xf32> {onnx.name = "a"}, tensor<*xf32> {onnx.name = "b"}, tensor<*xf32> {onnx.name = "c"},
        tensor<*xf32> {onnx.name = "d"}) {
  %one = onnx.constant dense<-2> : tensor<i64>
  %back = onnx.constant dense<[4, 2, 0]> : tensor<3xi64>
  %any = onnx.constant dense<[4, 0, 1]> : tensor<3xi64>
  %a = onnx.node "Gather"(%x, %one) since 13 {axis = 1 : i64} : (tensor<2x5xf32>, tensor<i64>) -> tensor<*xf32>
  %b = onnx.node "Gather"(%x, %back) since 13 {axis = -1 : i64} : (tensor<2x5xf32>, tensor<3xi64>) -> tensor<*xf32>
  %c = onnx.node "Gather"(%x, %any) since 13 {axis = 1 : i64} : (tensor<2x5xf32>, tensor<3xi64>) -> tensor<*xf32>
  %d = onnx.node "Gather"(%x, %i) since 13 : (tensor<2x5xf32>, tensor<3xi32>) -> tensor<*xf32>
  return %a, %b, %c, %d : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}

// -----

// ScatterND of the tuples of a box puts the updates between the parts of the
// input around it; any other tuples are scattered.

// CHECK-LABEL: func.func @main(
// CHECK-SAME:    %[[X:[^:]*]]: tensor<4x2xf32> {edge.name = "x"}, %[[U:[^:]*]]: tensor<2x2xf32>
// CHECK:         %[[A:.*]] = edge.slice %[[X]] offsets [0, 0] sizes [1, 2]
// CHECK:         %[[B:.*]] = edge.slice %[[X]] offsets [3, 0] sizes [1, 2]
// CHECK:         edge.concat(%[[A]], %[[U]], %[[B]]) {axis = 0 : i64}
// CHECK:         edge.scatter_nd none %[[U]] into %[[X]]
// CHECK:         edge.scatter_nd max %[[U]] into %[[X]]
func.func @main(%x: tensor<4x2xf32> {onnx.name = "x"}, %u: tensor<2x2xf32> {onnx.name = "u"})
    -> (tensor<*xf32> {onnx.name = "a"}, tensor<*xf32> {onnx.name = "b"}, tensor<*xf32> {onnx.name = "c"}) {
  %box = onnx.constant dense<[[1], [2]]> : tensor<2x1xi64>
  %any = onnx.constant dense<[[2], [0]]> : tensor<2x1xi64>
  %a = onnx.node "ScatterND"(%x, %box, %u) since 16 : (tensor<4x2xf32>, tensor<2x1xi64>, tensor<2x2xf32>) -> tensor<*xf32>
  %b = onnx.node "ScatterND"(%x, %any, %u) since 16 : (tensor<4x2xf32>, tensor<2x1xi64>, tensor<2x2xf32>) -> tensor<*xf32>
  %c = onnx.node "ScatterND"(%x, %box, %u) since 18 {reduction = "max"} : (tensor<4x2xf32>, tensor<2x1xi64>, tensor<2x2xf32>) -> tensor<*xf32>
  return %a, %b, %c : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}

// -----

// k is an attribute before version 10 and an operand since.

// CHECK-LABEL: func.func @main(
// CHECK:         edge.gather_elements %{{.*}} {axis = 1 : i64}
// CHECK:         edge.gather_nd %{{.*}} {batch_dims = 1 : i64}
// CHECK:         edge.scatter_elements add
// CHECK:         edge.top_k max %{{.*}} {axis = 1 : i64, k = 2 : i64}
// CHECK:         edge.top_k min %{{.*}} {axis = 0 : i64, k = 1 : i64}
func.func @main(%x: tensor<2x5xf32> {onnx.name = "x"}, %i: tensor<2x1xi64> {onnx.name = "i"}, %u: tensor<2x1xf32> {onnx.name = "u"})
    -> (tensor<*xf32> {onnx.name = "a"}, tensor<*xf32> {onnx.name = "b"}, tensor<*xf32> {onnx.name = "c"},
        tensor<*xf32> {onnx.name = "d"}, tensor<*xi64> {onnx.name = "e"}) {
  %one = onnx.constant dense<1> : tensor<1xi64>
  %a = onnx.node "GatherElements"(%x, %i) since 13 {axis = -1 : i64} : (tensor<2x5xf32>, tensor<2x1xi64>) -> tensor<*xf32>
  %b = onnx.node "GatherND"(%x, %i) since 13 {batch_dims = 1 : i64} : (tensor<2x5xf32>, tensor<2x1xi64>) -> tensor<*xf32>
  %c = onnx.node "ScatterElements"(%x, %i, %u) since 16 {axis = 1 : i64, reduction = "add"} : (tensor<2x5xf32>, tensor<2x1xi64>, tensor<2x1xf32>) -> tensor<*xf32>
  %d:2 = onnx.node "TopK"(%x) since 1 {k = 2 : i64} : (tensor<2x5xf32>) -> (tensor<*xf32>, tensor<*xi64>)
  %e:2 = onnx.node "TopK"(%x, %one) since 11 {axis = 0 : i64, largest = 0 : i64} : (tensor<2x5xf32>, tensor<1xi64>) -> (tensor<*xf32>, tensor<*xi64>)
  return %a, %b, %c, %d#0, %e#1 : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xi64>
}
