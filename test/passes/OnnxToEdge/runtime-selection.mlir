// RUN: edgecc-opt %s -split-input-file -edgecc-onnx-to-edge | FileCheck %s
// RUN: edgecc-opt %s -split-input-file -edgecc-onnx-to-edge -edgecc-bound-shapes \
// RUN:   | FileCheck %s --check-prefix=BOUND

// Each element that is not zero goes to its place; how many there are is marked.
// Trials say what depends on how many there could be.
// CHECK-LABEL: func.func @main(
// CHECK:       edge.cumulative sum
// CHECK:       edge.scatter_elements none
// CHECK:       %[[Y:.*]] = builtin.unrealized_conversion_cast %{{.*}}, %{{.*}} : tensor<2x6xi64>, tensor<i32> to tensor<2x6xi64> {edge.dim = 1 : i64}
// CHECK:       return %[[Y]] : tensor<2x6xi64>
// CHECK-LABEL: func.func @main_trial_1(
// CHECK:       to tensor<2x8xi64>
// CHECK-LABEL: func.func @main_trial_2(
// CHECK:       to tensor<2x15xi64>

// BOUND-LABEL: func.func @main(
// BOUND-SAME:  -> (tensor<2x6xi64> {edge.name = "y", edge.shape = "y.shape"}, tensor<2xi32> {edge.name = "y.shape"})
// BOUND-NOT:   unrealized_conversion_cast
// BOUND-NOT:   func.func
func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}) -> (tensor<*xi64> {onnx.name = "y"}) {
  %y = onnx.node "NonZero"(%x) since 13 : (tensor<2x3xf32>) -> tensor<*xi64>
  return %y : tensor<*xi64>
}

// -----

// A range of run time is as long as its bound; how many there are is a result
// that the run checks.
// CHECK-LABEL: func.func @main(
// CHECK-SAME:  -> (tensor<9xi64> {edge.name = "y"}, tensor<i32> {edge.name = "R", edge.range = array<i64: 1, 9>})
// CHECK:       %[[COUNT:.*]] = edge.cast %{{.*}} to i32 : tensor<f64> -> tensor<i32>
// CHECK:       %[[LIMITED:.*]] = edge.clamp %[[COUNT]] {max = 9.000000e+00 : f64, min = 0.000000e+00 : f64}
// CHECK:       %[[Y:.*]] = builtin.unrealized_conversion_cast %{{.*}}, %[[LIMITED]]
// CHECK:       return %[[Y]], %[[COUNT]]

// BOUND-LABEL: func.func @main(
// BOUND-SAME:  -> (tensor<9xi64> {edge.name = "y", edge.shape = "y.shape"}, tensor<1xi32> {edge.name = "y.shape"}, tensor<i32> {edge.name = "R", edge.range = array<i64: 1, 9>})
module attributes {onnx.open_dims = {y = ["R"]}, onnx.bounds = {R = array<i64: 1, 9>}} {
  func.func @main(%limit: tensor<i64> {onnx.name = "limit"}) -> (tensor<?xi64> {onnx.name = "y"}) {
    %start = onnx.constant dense<0> : tensor<i64>
    %delta = onnx.constant dense<1> : tensor<i64>
    %y = onnx.node "Range"(%start, %limit, %delta) since 11
        : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64> loc("range"(fused<["y"]>[unknown]))
    return %y : tensor<?xi64>
  }
}

// -----

// What the graph says of the limit is a bound as well, which needs no check.
// CHECK-LABEL: func.func @main(
// CHECK-SAME:  -> (tensor<7xi64> {edge.name = "y"})
func.func @main(%limit: tensor<i64> {onnx.name = "limit"}) -> (tensor<?xi64> {onnx.name = "y"}) {
  %start = onnx.constant dense<0> : tensor<i64>
  %delta = onnx.constant dense<2> : tensor<i64>
  %most = onnx.constant dense<13> : tensor<i64>
  %least = onnx.node "Min"(%limit, %most) since 13 : (tensor<i64>, tensor<i64>) -> tensor<i64>
  %y = onnx.node "Range"(%start, %least, %delta) since 11
      : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  return %y : tensor<?xi64>
}

// -----

// The table of a resize is computed for the largest size.
// CHECK-LABEL: func.func @main(
// CHECK-SAME:  -> (tensor<1x2x3x8xf32> {edge.name = "y"}, tensor<i32> {edge.name = "W", edge.range = array<i64: 1, 8>})
// CHECK:       edge.gather %{{.*}} {axis = 2 : i64} : tensor<1x3x4x2xf32>, tensor<8xi32> -> tensor<1x3x8x2xf32>
module attributes {onnx.open_dims = {y = ["", "", "", "W"]}, onnx.bounds = {W = array<i64: 1, 8>}} {
  func.func @main(%x: tensor<1x2x3x4xf32> {onnx.name = "x"}, %sizes: tensor<4xi64> {onnx.name = "sizes"})
      -> (tensor<1x2x3x?xf32> {onnx.name = "y"}) {
    %none = onnx.none
    %y = onnx.node "Resize"(%x, %none, %none, %sizes) since 19
        : (tensor<1x2x3x4xf32>, none, none, tensor<4xi64>) -> tensor<1x2x3x?xf32>
        loc("resize"(fused<["y"]>[unknown]))
    return %y : tensor<1x2x3x?xf32>
  }
}
