// RUN: edgecc-opt %s -split-input-file -edgecc-onnx-to-edge | FileCheck %s

// CHECK-LABEL: func.func @main(
// CHECK-SAME:    %[[X:[^:]*]]: tensor<2x3xf32> {edge.name = "x"}, %[[Y:[^:]*]]: tensor<3xf32>
// CHECK:         %[[A:.*]] = edge.add %[[X]], %[[Y]] : tensor<2x3xf32>, tensor<3xf32> -> tensor<2x3xf32>
// CHECK:         %[[B:.*]] = edge.add %[[A]], %[[X]]
// CHECK:         %[[THREE:.*]] = edge.constant dense<3.000000e+00> : tensor<f32>
// CHECK:         edge.div %[[B]], %[[THREE]]
// CHECK:         edge.compare le %[[Y]], %[[X]]
// CHECK:         edge.fmod %[[X]], %[[Y]]
func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}, %y: tensor<3xf32> {onnx.name = "y"})
    -> (tensor<*xf32> {onnx.name = "a"}, tensor<*xi1> {onnx.name = "b"}, tensor<*xf32> {onnx.name = "c"}, tensor<*xf32> {onnx.name = "d"}) {
  %a = onnx.node "Mean"(%x, %y, %x) since 13 : (tensor<2x3xf32>, tensor<3xf32>, tensor<2x3xf32>) -> tensor<*xf32>
  %b = onnx.node "GreaterOrEqual"(%x, %y) since 16 : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<*xi1>
  %c = onnx.node "Mod"(%x, %y) since 13 {fmod = 1 : i64} : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<*xf32>
  %d = onnx.node "Sum"(%y) since 13 : (tensor<3xf32>) -> tensor<*xf32>
  return %a, %b, %c, %d : tensor<*xf32>, tensor<*xi1>, tensor<*xf32>, tensor<*xf32>
}

// -----

// Bounds are attributes, constants or values; an absent one is none. A float
// cannot hold the large integer.

// CHECK-LABEL: func.func @main(
// CHECK-SAME:    %[[X:[^:]*]]: tensor<4xf32> {edge.name = "x"}, %[[I:[^:]*]]: tensor<4xi64> {edge.name = "i"}, %[[M:[^:]*]]: tensor<f32>
// CHECK:         edge.clamp %[[X]] {max = 6.000000e+00 : f64, min = 0xFFF0000000000000 : f64}
// CHECK:         edge.clamp %[[X]] {max = 0x7FF0000000000000 : f64, min = -1.000000e+00 : f64}
// CHECK:         %[[L:.*]] = edge.max %[[X]], %[[M]]
// CHECK:         edge.clamp %[[L]] {max = 2.000000e+00 : f64, min = 0xFFF0000000000000 : f64}
// CHECK:         edge.min %[[I]], %{{.*}} : tensor<4xi64>, tensor<i64> -> tensor<4xi64>
func.func @main(%x: tensor<4xf32> {onnx.name = "x"}, %i: tensor<4xi64> {onnx.name = "i"}, %m: tensor<f32> {onnx.name = "m"})
    -> (tensor<*xf32> {onnx.name = "a"}, tensor<*xf32> {onnx.name = "b"}, tensor<*xf32> {onnx.name = "c"}, tensor<*xi64> {onnx.name = "d"}) {
  %none = onnx.none
  %low = onnx.constant dense<-1.0> : tensor<f32>
  %high = onnx.constant dense<2.0> : tensor<f32>
  %large = onnx.constant dense<9223372036854775806> : tensor<i64>
  %a = onnx.node "Clip"(%x) since 6 {max = 6.0 : f32} : (tensor<4xf32>) -> tensor<*xf32>
  %b = onnx.node "Clip"(%x, %low) since 13 : (tensor<4xf32>, tensor<f32>) -> tensor<*xf32>
  %c = onnx.node "Clip"(%x, %m, %high) since 13 : (tensor<4xf32>, tensor<f32>, tensor<f32>) -> tensor<*xf32>
  %d = onnx.node "Clip"(%i, %none, %large) since 13 : (tensor<4xi64>, none, tensor<i64>) -> tensor<*xi64>
  return %a, %b, %c, %d : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xi64>
}

// -----

// Powers with few factors, and roots, need no logarithm; the exponent takes the
// type of the base, or an integer base that of the exponent.

// CHECK-LABEL: func.func @main(
// CHECK-SAME:    %[[X:[^:]*]]: tensor<4xf32> {edge.name = "x"}, %[[I:[^:]*]]: tensor<4xi32>
// CHECK:         edge.mul %[[X]], %[[X]]
// CHECK:         edge.sqrt %[[X]]
// CHECK:         %[[E:.*]] = edge.cast %[[I]] to f32
// CHECK:         edge.pow %[[X]], %[[E]] : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
// CHECK:         %[[B:.*]] = edge.cast %[[I]] to f32
// CHECK:         %[[P:.*]] = edge.pow %[[B]], %[[X]]
// CHECK:         edge.cast %[[P]] to i32
func.func @main(%x: tensor<4xf32> {onnx.name = "x"}, %i: tensor<4xi32> {onnx.name = "i"})
    -> (tensor<*xf32> {onnx.name = "a"}, tensor<*xf32> {onnx.name = "b"}, tensor<*xf32> {onnx.name = "c"}, tensor<*xi32> {onnx.name = "d"}) {
  %two = onnx.constant dense<2> : tensor<i64>
  %half = onnx.constant dense<0.5> : tensor<1xf32>
  %a = onnx.node "Pow"(%x, %two) since 15 : (tensor<4xf32>, tensor<i64>) -> tensor<*xf32>
  %b = onnx.node "Pow"(%x, %half) since 15 : (tensor<4xf32>, tensor<1xf32>) -> tensor<*xf32>
  %c = onnx.node "Pow"(%x, %i) since 15 : (tensor<4xf32>, tensor<4xi32>) -> tensor<*xf32>
  %d = onnx.node "Pow"(%i, %x) since 15 : (tensor<4xi32>, tensor<4xf32>) -> tensor<*xi32>
  return %a, %b, %c, %d : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xi32>
}

// -----

// CHECK-LABEL: func.func @main(
// CHECK-SAME:    %[[X:[^:]*]]: tensor<4xf32> {edge.name = "x"}, %[[U:[^:]*]]: tensor<4xui8>
// CHECK:         edge.is_inf %[[X]]
// CHECK:         %[[INF:.*]] = edge.constant dense<0x7F800000> : tensor<f32>
// CHECK:         edge.compare eq %[[X]], %[[INF]]
// CHECK:         edge.constant dense<false> : tensor<4xi1>
// CHECK:         edge.shift_right %[[U]], %[[U]]
// CHECK:         edge.cast %[[X]] to bf16
// CHECK:         edge.cast %[[X]] to ui8
func.func @main(%x: tensor<4xf32> {onnx.name = "x"}, %u: tensor<4xui8> {onnx.name = "u"})
    -> (tensor<*xi1> {onnx.name = "a"}, tensor<*xi1> {onnx.name = "b"}, tensor<*xi1> {onnx.name = "c"},
        tensor<*xui8> {onnx.name = "d"}, tensor<*xbf16> {onnx.name = "e"}, tensor<*xui8> {onnx.name = "f"}) {
  %a = onnx.node "IsInf"(%x) since 10 : (tensor<4xf32>) -> tensor<*xi1>
  %b = onnx.node "IsInf"(%x) since 10 {detect_negative = 0 : i64} : (tensor<4xf32>) -> tensor<*xi1>
  %c = onnx.node "IsInf"(%x) since 10 {detect_negative = 0 : i64, detect_positive = 0 : i64} : (tensor<4xf32>) -> tensor<*xi1>
  %d = onnx.node "BitShift"(%u, %u) since 11 {direction = "RIGHT"} : (tensor<4xui8>, tensor<4xui8>) -> tensor<*xui8>
  %e = onnx.node "Cast"(%x) since 13 {to = 16 : i64} : (tensor<4xf32>) -> tensor<*xbf16>
  %f = onnx.node "CastLike"(%x, %u) since 15 : (tensor<4xf32>, tensor<4xui8>) -> tensor<*xui8>
  return %a, %b, %c, %d, %e, %f : tensor<*xi1>, tensor<*xi1>, tensor<*xi1>, tensor<*xui8>, tensor<*xbf16>, tensor<*xui8>
}
