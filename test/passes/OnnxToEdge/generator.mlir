// RUN: edgecc-opt %s -split-input-file -edgecc-onnx-to-edge | FileCheck %s

// What depends on shapes only is a constant.

// CHECK-LABEL: func.func @main(
// CHECK-DAG:     edge.constant dense<7> : tensor<100x100xi32>
// CHECK-DAG:     edge.constant dense<0.000000e+00> : tensor<3xf32>
// CHECK-DAG:     edge.constant dense<[5, 3, 1]> : tensor<3xi32>
// CHECK-DAG:     edge.constant dense<[1.000000e+00, 1.500000e+00]> : tensor<2xf32>
// CHECK-DAG:     edge.constant dense<{{\[\[}}0, 1, 0], [0, 0, 1]]> : tensor<2x3xi8>
// CHECK-DAG:     edge.constant dense<{{\[\[}}0, 1], [1, 0]]> : tensor<2x2xi64>
func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"})
    -> (tensor<*xi32> {onnx.name = "a"}, tensor<*xf32> {onnx.name = "b"}, tensor<*xi32> {onnx.name = "c"},
        tensor<*xf32> {onnx.name = "d"}, tensor<*xi8> {onnx.name = "e"}, tensor<*xi64> {onnx.name = "f"}) {
  %s = onnx.constant dense<100> : tensor<2xi64>
  %t = onnx.constant dense<3> : tensor<1xi64>
  %five = onnx.constant dense<5> : tensor<i32>
  %zero = onnx.constant dense<0> : tensor<i32>
  %back = onnx.constant dense<-2> : tensor<i32>
  %one = onnx.constant dense<1.0> : tensor<f32>
  %two = onnx.constant dense<1.9> : tensor<f32>
  %half = onnx.constant dense<0.5> : tensor<f32>
  %m = onnx.constant dense<[[0.0, 1.0], [2.0, 0.0]]> : tensor<2x2xf32>
  %a = onnx.node "ConstantOfShape"(%s) since 9 {value = dense<7> : tensor<1xi32>} : (tensor<2xi64>) -> tensor<*xi32>
  %b = onnx.node "ConstantOfShape"(%t) since 9 : (tensor<1xi64>) -> tensor<*xf32>
  %c = onnx.node "Range"(%five, %zero, %back) since 11 : (tensor<i32>, tensor<i32>, tensor<i32>) -> tensor<*xi32>
  %d = onnx.node "Range"(%one, %two, %half) since 11 : (tensor<f32>, tensor<f32>, tensor<f32>) -> tensor<*xf32>
  %e = onnx.node "EyeLike"(%x) since 9 {dtype = 3 : i64, k = 1 : i64} : (tensor<2x3xf32>) -> tensor<*xi8>
  %f = onnx.node "NonZero"(%m) since 13 : (tensor<2x2xf32>) -> tensor<*xi64>
  return %a, %b, %c, %d, %e, %f : tensor<*xi32>, tensor<*xf32>, tensor<*xi32>, tensor<*xf32>, tensor<*xi8>, tensor<*xi64>
}

// -----

// One-hot is a comparison with the positions; a negative index counts from the
// end.

// CHECK-LABEL: func.func @main(
// CHECK-SAME:    %[[I:[^:]*]]: tensor<2xi64>
// CHECK:         %[[NEG:.*]] = edge.compare lt %[[I]],
// CHECK:         %[[UP:.*]] = edge.add %[[I]],
// CHECK:         %[[INDEX:.*]] = edge.select %[[NEG]], %[[UP]], %[[I]]
// CHECK:         %[[COLUMN:.*]] = edge.reshape %[[INDEX]] : tensor<2xi64> -> tensor<2x1xi64>
// CHECK:         %[[IOTA:.*]] = edge.constant dense<{{.*}}0, 1, 2{{.*}}> : tensor<1x3xi64>
// CHECK:         %[[HIT:.*]] = edge.compare eq %[[COLUMN]], %[[IOTA]]
// CHECK:         edge.select %[[HIT]], %{{.*}}, %{{.*}} : tensor<2x3xi1>, tensor<f32>, tensor<f32> -> tensor<2x3xf32>
func.func @main(%i: tensor<2xi64> {onnx.name = "i"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  %depth = onnx.constant dense<3> : tensor<i64>
  %values = onnx.constant dense<[2.0, 5.0]> : tensor<2xf32>
  %y = onnx.node "OneHot"(%i, %depth, %values) since 11 : (tensor<2xi64>, tensor<i64>, tensor<2xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// CHECK-LABEL: func.func @main(
// CHECK:         %[[KEPT:.*]] = edge.constant dense<[0, 2]> : tensor<2xi64>
// CHECK:         edge.gather %{{.*}}[%[[KEPT]]] {axis = 1 : i64} : tensor<2x3xf32>, tensor<2xi64> -> tensor<2x2xf32>
// CHECK:         %[[FLAT:.*]] = edge.reshape %{{.*}} : tensor<2x3xf32> -> tensor<6xf32>
// CHECK:         edge.slice %[[FLAT]] offsets [0] sizes [0] strides [1]
func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"})
    -> (tensor<*xf32> {onnx.name = "y"}, tensor<*xf32> {onnx.name = "z"}) {
  %c = onnx.constant dense<[true, false, true]> : tensor<3xi1>
  %n = onnx.constant dense<false> : tensor<2xi1>
  %y = onnx.node "Compress"(%x, %c) since 11 {axis = 1 : i64} : (tensor<2x3xf32>, tensor<3xi1>) -> tensor<*xf32>
  %z = onnx.node "Compress"(%x, %n) since 11 : (tensor<2x3xf32>, tensor<2xi1>) -> tensor<*xf32>
  return %y, %z : tensor<*xf32>, tensor<*xf32>
}
