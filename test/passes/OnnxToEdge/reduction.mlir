// RUN: edgecc-opt %s -split-input-file -edgecc-onnx-to-edge | FileCheck %s

// No axes are all of them, unless the node says that they are none; they are an
// attribute or an operand; repeated and negative ones count once, sorted.

// CHECK-LABEL: func.func @main(
// CHECK-SAME:    %[[X:[^:]*]]: tensor<2x3x4xf32>
// CHECK:         %[[A:.*]] = edge.reduce sum(%[[X]]) axes [0, 1, 2]
// CHECK:         %[[B:.*]] = edge.reduce max(%[[X]]) axes [0, 2]
// CHECK:         %[[R:.*]] = edge.reshape %[[B]] : tensor<1x3x1xf32> -> tensor<3xf32>
// CHECK:         %[[C:.*]] = edge.reduce prod(%[[X]]) axes [1]
// CHECK:         %[[D:.*]] = edge.mul %[[X]], %[[X]]
// CHECK:         return %[[A]], %[[R]], %[[C]], %[[D]], %[[X]]
func.func @main(%x: tensor<2x3x4xf32> {onnx.name = "x"})
    -> (tensor<*xf32> {onnx.name = "a"}, tensor<*xf32> {onnx.name = "b"}, tensor<*xf32> {onnx.name = "c"},
        tensor<*xf32> {onnx.name = "d"}, tensor<*xf32> {onnx.name = "e"}) {
  %axes = onnx.constant dense<[-1, 0, 2]> : tensor<3xi64>
  %none = onnx.constant dense<> : tensor<0xi64>
  %a = onnx.node "ReduceSum"(%x, %none) since 13 : (tensor<2x3x4xf32>, tensor<0xi64>) -> tensor<*xf32>
  %b = onnx.node "ReduceMax"(%x, %axes) since 18 {keepdims = 0 : i64} : (tensor<2x3x4xf32>, tensor<3xi64>) -> tensor<*xf32>
  %c = onnx.node "ReduceProd"(%x) since 13 {axes = array<i64: 1>} : (tensor<2x3x4xf32>) -> tensor<*xf32>
  %d = onnx.node "ReduceSumSquare"(%x) since 18 {noop_with_empty_axes = 1 : i64} : (tensor<2x3x4xf32>) -> tensor<*xf32>
  %e = onnx.node "ReduceMin"(%x, %none) since 18 {noop_with_empty_axes = 1 : i64} : (tensor<2x3x4xf32>, tensor<0xi64>) -> tensor<*xf32>
  return %a, %b, %c, %d, %e : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}

// -----

// A mean is a sum with a product, of integers a quotient; norms of integers go
// through floats; booleans through bytes.

// CHECK-LABEL: func.func @main(
// CHECK-SAME:    %[[X:[^:]*]]: tensor<4xf32> {edge.name = "x"}, %[[I:[^:]*]]: tensor<4xi32> {edge.name = "i"}, %[[B:[^:]*]]: tensor<4xi1>
// CHECK:         %[[SUM:.*]] = edge.reduce sum(%[[X]]) axes [0]
// CHECK:         %[[QUARTER:.*]] = edge.constant dense<2.500000e-01> : tensor<f32>
// CHECK:         edge.mul %[[SUM]], %[[QUARTER]]
// CHECK:         %[[ISUM:.*]] = edge.reduce sum(%[[I]]) axes [0]
// CHECK:         edge.div %[[ISUM]]
// CHECK:         edge.cast %[[I]] to f64
// CHECK:         edge.sqrt
// CHECK:         edge.cast %{{.*}} to i32
// CHECK:         %[[BYTES:.*]] = edge.cast %[[B]] to ui8
// CHECK:         %[[MAX:.*]] = edge.reduce max(%[[BYTES]]) axes [0]
// CHECK:         edge.cast %[[MAX]] to i1
func.func @main(%x: tensor<4xf32> {onnx.name = "x"}, %i: tensor<4xi32> {onnx.name = "i"}, %b: tensor<4xi1> {onnx.name = "b"})
    -> (tensor<*xf32> {onnx.name = "a"}, tensor<*xi32> {onnx.name = "c"}, tensor<*xi32> {onnx.name = "d"}, tensor<*xi1> {onnx.name = "e"}) {
  %a = onnx.node "ReduceMean"(%x) since 13 : (tensor<4xf32>) -> tensor<*xf32>
  %c = onnx.node "ReduceMean"(%i) since 13 : (tensor<4xi32>) -> tensor<*xi32>
  %d = onnx.node "ReduceL2"(%i) since 13 : (tensor<4xi32>) -> tensor<*xi32>
  %e = onnx.node "ReduceMax"(%b) since 20 : (tensor<4xi1>) -> tensor<*xi1>
  return %a, %c, %d, %e : tensor<*xf32>, tensor<*xi32>, tensor<*xi32>, tensor<*xi1>
}

// -----

// A reduction of nothing gives what changes no other value.

// CHECK-LABEL: func.func @main(
// CHECK-DAG:     edge.constant dense<0.000000e+00> : tensor<2xf32>
// CHECK-DAG:     edge.constant dense<1.000000e+00> : tensor<2xf32>
// CHECK-DAG:     edge.constant dense<0xFF800000> : tensor<2xf32>
// CHECK-DAG:     edge.constant dense<127> : tensor<1xi8>
func.func @main(%x: tensor<2x0xf32> {onnx.name = "x"}, %i: tensor<0xi8> {onnx.name = "i"})
    -> (tensor<*xf32> {onnx.name = "a"}, tensor<*xf32> {onnx.name = "b"}, tensor<*xf32> {onnx.name = "c"}, tensor<*xi8> {onnx.name = "d"}) {
  %a = onnx.node "ReduceSum"(%x) since 11 {axes = array<i64: 1>, keepdims = 0 : i64} : (tensor<2x0xf32>) -> tensor<*xf32>
  %b = onnx.node "ReduceProd"(%x) since 11 {axes = array<i64: 1>, keepdims = 0 : i64} : (tensor<2x0xf32>) -> tensor<*xf32>
  %c = onnx.node "ReduceMax"(%x) since 13 {axes = array<i64: 1>, keepdims = 0 : i64} : (tensor<2x0xf32>) -> tensor<*xf32>
  %d = onnx.node "ReduceMin"(%i) since 13 : (tensor<0xi8>) -> tensor<*xi8>
  return %a, %b, %c, %d : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xi8>
}

// -----

// The logarithm of a sum of exponentials takes the maximum off, limited so that
// infinity is not subtracted from itself.

// CHECK-LABEL: func.func @main(
// CHECK:         %[[MAX:.*]] = edge.reduce max(%[[X:.*]]) axes [1]
// CHECK:         %[[M:.*]] = edge.clamp %[[MAX]] {max = 3.4028234663852886E+38 : f64, min = -3.4028234663852886E+38 : f64}
// CHECK:         %[[D:.*]] = edge.sub %[[X]], %[[M]]
// CHECK:         %[[E:.*]] = edge.exp %[[D]]
// CHECK:         %[[S:.*]] = edge.reduce sum(%[[E]]) axes [1]
// CHECK:         %[[L:.*]] = edge.log %[[S]]
// CHECK:         edge.add %[[L]], %[[M]]
// CHECK:         %[[ARG:.*]] = edge.arg_reduce min %{{.*}} {axis = 1 : i64, last}
// CHECK:         edge.reshape %[[ARG]] : tensor<2x1xi64> -> tensor<2xi64>
// CHECK:         edge.cumulative sum %{{.*}} {axis = 0 : i64, exclusive}
func.func @main(%x: tensor<2x4xf32> {onnx.name = "x"})
    -> (tensor<*xf32> {onnx.name = "a"}, tensor<*xi64> {onnx.name = "b"}, tensor<*xf32> {onnx.name = "c"}) {
  %axis = onnx.constant dense<-2> : tensor<i32>
  %a = onnx.node "ReduceLogSumExp"(%x) since 13 {axes = array<i64: 1>} : (tensor<2x4xf32>) -> tensor<*xf32>
  %b = onnx.node "ArgMin"(%x) since 13 {axis = -1 : i64, keepdims = 0 : i64, select_last_index = 1 : i64} : (tensor<2x4xf32>) -> tensor<*xi64>
  %c = onnx.node "CumSum"(%x, %axis) since 14 {exclusive = 1 : i64} : (tensor<2x4xf32>, tensor<i32>) -> tensor<*xf32>
  return %a, %b, %c : tensor<*xf32>, tensor<*xi64>, tensor<*xf32>
}
