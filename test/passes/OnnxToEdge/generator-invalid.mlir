// RUN: edgecc-opt %s -split-input-file -edgecc-onnx-to-edge -verify-diagnostics

func.func @main(%s: tensor<1xi64> {onnx.name = "s"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  // expected-error @+1 {{operand 0 (shape) must be known at compile time}}
  %y = onnx.node "ConstantOfShape"(%s) since 9 : (tensor<1xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  %s = onnx.constant dense<-1> : tensor<1xi64>
  // expected-error @+1 {{has a shape with a negative size}}
  %y = onnx.node "ConstantOfShape"(%s) since 9 : (tensor<1xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  %s = onnx.constant dense<1> : tensor<1xi64>
  // expected-error @+1 {{attribute value has 2 elements, not one}}
  %y = onnx.node "ConstantOfShape"(%s) since 9 {value = dense<1.0> : tensor<2xf32>} : (tensor<1xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  %s = onnx.constant dense<1.0> : tensor<f32>
  %z = onnx.constant dense<0.0> : tensor<f32>
  // expected-error @+1 {{has the delta zero}}
  %y = onnx.node "Range"(%s, %s, %z) since 11 : (tensor<f32>, tensor<f32>, tensor<f32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}) -> (tensor<*xi64> {onnx.name = "y"}) {
  %s = onnx.constant dense<1> : tensor<i64>
  %z = onnx.constant dense<0> : tensor<i64>
  // expected-error @+1 {{has the delta zero}}
  %y = onnx.node "Range"(%s, %s, %z) since 11 : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<*xi64>
  return %y : tensor<*xi64>
}

// -----

func.func @main(%x: tensor<3xf32> {onnx.name = "x"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  // expected-error @+1 {{needs an operand of rank 2, has rank 1}}
  %y = onnx.node "EyeLike"(%x) since 9 : (tensor<3xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  // expected-error @+1 {{attribute dtype = 8 is not a type that edgecc computes with}}
  %y = onnx.node "EyeLike"(%x) since 9 {dtype = 8 : i64} : (tensor<2x3xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  %c = onnx.constant dense<true> : tensor<4xi1>
  // expected-error @+1 {{has a condition that is longer than the dimension}}
  %y = onnx.node "Compress"(%x, %c) since 11 {axis = 1 : i64} : (tensor<2x3xf32>, tensor<4xi1>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @main(%i: tensor<2xi64> {onnx.name = "i"}, %d: tensor<i64> {onnx.name = "d"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  %v = onnx.constant dense<0.0> : tensor<2xf32>
  // expected-error @+1 {{needs a constant depth that is not negative}}
  %y = onnx.node "OneHot"(%i, %d, %v) since 11 : (tensor<2xi64>, tensor<i64>, tensor<2xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}, %t: tensor<i1> {onnx.name = "t"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  %r = onnx.constant dense<0.5> : tensor<f32>
  // expected-error @+1 {{operand 2 (training_mode) must be known at compile time}}
  %y = onnx.node "Dropout"(%x, %r, %t) since 13 : (tensor<2x3xf32>, tensor<f32>, tensor<i1>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2xf32> {onnx.name = "x"}) -> (tensor<*xi64> {onnx.name = "y"}) {
  %s = onnx.constant dense<0> : tensor<i64>
  %e = onnx.constant dense<1099511627776> : tensor<i64>
  %d = onnx.constant dense<1> : tensor<i64>
  // expected-error @+1 {{needs a constant of 1099511627776 elements, supported are at most 67108864}}
  %y = onnx.node "Range"(%s, %e, %d) since 11 : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<*xi64>
  return %y : tensor<*xi64>
}

// -----

func.func @main(%x: tensor<f32> {onnx.name = "x"}) -> (tensor<?xf32> {onnx.name = "y"}) {
  %s = onnx.constant dense<1.0> : tensor<f32>
  // expected-error @+1 {{start, limit and delta must be known at compile time}}
  %y = onnx.node "Range"(%s, %x, %s) since 11 : (tensor<f32>, tensor<f32>, tensor<f32>) -> tensor<?xf32>
  return %y : tensor<?xf32>
}
