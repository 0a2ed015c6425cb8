// RUN: edgecc-opt %s -split-input-file -edgecc-onnx-to-edge | FileCheck %s

// A slope in [0, 1] makes the leaky rectifier a maximum; another one a choice.

// CHECK-LABEL: func.func @main(
// CHECK-SAME:    %[[X:[^:]*]]: tensor<4xf32>
// CHECK:         edge.clamp %[[X]] {max = 0x7FF0000000000000 : f64, min = 0.000000e+00 : f64}
// CHECK:         %[[SMALL:.*]] = edge.mul %[[X]], %{{.*}}
// CHECK:         edge.max %[[X]], %[[SMALL]]
// CHECK:         %[[NEG:.*]] = edge.compare lt %[[X]],
// CHECK:         %[[BIG:.*]] = edge.mul %[[X]], %{{.*}}
// CHECK:         edge.select %[[NEG]], %[[BIG]], %[[X]]
// CHECK:         edge.clamp %{{.*}} {max = 1.000000e+00 : f64, min = 0.000000e+00 : f64}
func.func @main(%x: tensor<4xf32> {onnx.name = "x"})
    -> (tensor<*xf32> {onnx.name = "a"}, tensor<*xf32> {onnx.name = "b"}, tensor<*xf32> {onnx.name = "c"}, tensor<*xf32> {onnx.name = "d"}) {
  %a = onnx.node "Relu"(%x) since 14 : (tensor<4xf32>) -> tensor<*xf32>
  %b = onnx.node "LeakyRelu"(%x) since 16 : (tensor<4xf32>) -> tensor<*xf32>
  %c = onnx.node "LeakyRelu"(%x) since 16 {alpha = 2.0 : f32} : (tensor<4xf32>) -> tensor<*xf32>
  %d = onnx.node "HardSigmoid"(%x) since 6 : (tensor<4xf32>) -> tensor<*xf32>
  return %a, %b, %c, %d : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}

// -----

// Exponentials are of negative numbers only, or of limited ones.

// CHECK-LABEL: func.func @main(
// CHECK-SAME:    %[[X:[^:]*]]: tensor<4xf32>
// CHECK:         %[[LIMITED:.*]] = edge.clamp %[[X]] {max = 0.000000e+00 : f64, min = 0xFFF0000000000000 : f64}
// CHECK:         edge.exp %[[LIMITED]]
// CHECK:         %[[ABS:.*]] = edge.abs %[[X]]
// CHECK:         %[[NEG:.*]] = edge.neg %[[ABS]]
// CHECK:         %[[EXP:.*]] = edge.exp %[[NEG]]
// CHECK:         edge.log1p %[[EXP]]
// CHECK:         %[[TEN:.*]] = edge.clamp %[[X]] {max = 1.000000e+01 : f64, min = 0xFFF0000000000000 : f64}
// CHECK:         edge.exp %[[TEN]]
func.func @main(%x: tensor<4xf32> {onnx.name = "x"})
    -> (tensor<*xf32> {onnx.name = "a"}, tensor<*xf32> {onnx.name = "b"}, tensor<*xf32> {onnx.name = "c"}) {
  %a = onnx.node "Elu"(%x) since 6 : (tensor<4xf32>) -> tensor<*xf32>
  %b = onnx.node "Softplus"(%x) since 1 : (tensor<4xf32>) -> tensor<*xf32>
  %c = onnx.node "Mish"(%x) since 18 : (tensor<4xf32>) -> tensor<*xf32>
  return %a, %b, %c : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}

// -----

// CHECK-LABEL: func.func @main(
// CHECK-SAME:    %[[X:[^:]*]]: tensor<2x4xf32> {edge.name = "x"}, %[[B:[^:]*]]: tensor<4xf32>
// CHECK:         edge.erf
// CHECK:         edge.sigmoid
// CHECK:         %[[SUM:.*]] = edge.add %[[X]], %[[B]]
// CHECK:         edge.mul %[[SUM]], %[[SUM]]
// CHECK:         edge.sigmoid
// CHECK:         edge.sigmoid
func.func @main(%x: tensor<2x4xf32> {onnx.name = "x"}, %b: tensor<4xf32> {onnx.name = "b"})
    -> (tensor<*xf32> {onnx.name = "a"}, tensor<*xf32> {onnx.name = "c"}, tensor<*xf32> {onnx.name = "d"}, tensor<*xf32> {onnx.name = "e"}) {
  %a = onnx.node "Gelu"(%x) since 20 : (tensor<2x4xf32>) -> tensor<*xf32>
  %c = onnx.node "Gelu"(%x) since 20 {approximate = "tanh"} : (tensor<2x4xf32>) -> tensor<*xf32>
  %d = onnx.node "FastGelu"(%x, %b) domain "com.microsoft" since 1 : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<*xf32>
  %e = onnx.node "QuickGelu"(%x) domain "com.microsoft" since 1 : (tensor<2x4xf32>) -> tensor<*xf32>
  return %a, %c, %d, %e : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}

// -----

// Before version 13 the dimensions from the axis on are one.

// CHECK-LABEL: func.func @main(
// CHECK-SAME:    %[[X:[^:]*]]: tensor<2x3x4xf32>
// CHECK:         edge.softmax %[[X]] {axis = 2 : i64}
// CHECK:         edge.softmax %[[X]] {axis = 1 : i64, log}
// CHECK:         %[[M:.*]] = edge.reshape %[[X]] : tensor<2x3x4xf32> -> tensor<2x12xf32>
// CHECK:         %[[S:.*]] = edge.softmax %[[M]] {axis = 1 : i64}
// CHECK:         edge.reshape %[[S]] : tensor<2x12xf32> -> tensor<2x3x4xf32>
// CHECK:         edge.softmax %[[X]] {axis = 2 : i64}
func.func @main(%x: tensor<2x3x4xf32> {onnx.name = "x"})
    -> (tensor<*xf32> {onnx.name = "a"}, tensor<*xf32> {onnx.name = "b"}, tensor<*xf32> {onnx.name = "c"}, tensor<*xf32> {onnx.name = "d"}) {
  %a = onnx.node "Softmax"(%x) since 13 : (tensor<2x3x4xf32>) -> tensor<*xf32>
  %b = onnx.node "LogSoftmax"(%x) since 13 {axis = -2 : i64} : (tensor<2x3x4xf32>) -> tensor<*xf32>
  %c = onnx.node "Softmax"(%x) since 11 : (tensor<2x3x4xf32>) -> tensor<*xf32>
  %d = onnx.node "Softmax"(%x) since 11 {axis = -1 : i64} : (tensor<2x3x4xf32>) -> tensor<*xf32>
  return %a, %b, %c, %d : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}

// -----

// The first maximum is hit; inference drops nothing out.

// CHECK-LABEL: func.func @main(
// CHECK-SAME:    %[[X:[^:]*]]: tensor<2x3xf32>
// CHECK:         %[[MASK:.*]] = edge.constant dense<true> : tensor<2x3xi1>
// CHECK:         %[[ARG:.*]] = edge.arg_reduce max %[[X]] {axis = 1 : i64}
// CHECK:         %[[HIT:.*]] = edge.compare eq %[[ARG]], %{{.*}} : tensor<2x1xi64>, tensor<1x3xi64> -> tensor<2x3xi1>
// CHECK:         %[[Y:.*]] = edge.cast %[[HIT]] to f32
// CHECK:         return %[[X]], %[[MASK]], %[[Y]]
func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"})
    -> (tensor<*xf32> {onnx.name = "a"}, tensor<*xi1> {onnx.name = "b"}, tensor<*xf32> {onnx.name = "c"}) {
  %a:2 = onnx.node "Dropout"(%x) since 13 : (tensor<2x3xf32>) -> (tensor<*xf32>, tensor<*xi1>)
  %c = onnx.node "Hardmax"(%x) since 13 : (tensor<2x3xf32>) -> tensor<*xf32>
  return %a#0, %a#1, %c : tensor<*xf32>, tensor<*xi1>, tensor<*xf32>
}
