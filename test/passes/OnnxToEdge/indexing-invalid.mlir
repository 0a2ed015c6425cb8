// RUN: edgecc-opt %s -split-input-file -edgecc-onnx-to-edge -verify-diagnostics

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}, %i: tensor<2x1xi64> {onnx.name = "i"}, %u: tensor<2x1xf32> {onnx.name = "u"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  %o = onnx.constant dense<3> : tensor<i64>
  // expected-error @+1 {{index 3 is out of range for a dimension of 3}}
  %y = onnx.node "Gather"(%x, %o) since 13 {axis = 1 : i64} : (tensor<2x3xf32>, tensor<i64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}, %i: tensor<2x1xi64> {onnx.name = "i"}, %u: tensor<2x1xf32> {onnx.name = "u"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  // expected-error @+1 {{axis 2 is out of range for rank 2}}
  %y = onnx.node "Gather"(%x, %i) since 13 {axis = 2 : i64} : (tensor<2x3xf32>, tensor<2x1xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}, %i: tensor<2x1xi64> {onnx.name = "i"}, %u: tensor<2x1xf32> {onnx.name = "u"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  // expected-error @+1 {{attribute 'reduction' is sub, supported is none, add, mul, max or min}}
  %y = onnx.node "ScatterElements"(%x, %i, %u) since 18 {reduction = "sub"} : (tensor<2x3xf32>, tensor<2x1xi64>, tensor<2x1xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}, %i: tensor<2x1xi64> {onnx.name = "i"}, %u: tensor<2x1xf32> {onnx.name = "u"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  // expected-error @+1 {{expects updates of shape [2, 3], found 'tensor<2x1xf32>'}}
  %y = onnx.node "ScatterND"(%x, %i, %u) since 18 : (tensor<2x3xf32>, tensor<2x1xi64>, tensor<2x1xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}, %i: tensor<2x1xi64> {onnx.name = "i"}, %u: tensor<2x1xf32> {onnx.name = "u"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  %k = onnx.constant dense<[1, 2]> : tensor<2xi64>
  // expected-error @+1 {{needs one k, has 2}}
  %y, %z = onnx.node "TopK"(%x, %k) since 11 : (tensor<2x3xf32>, tensor<2xi64>) -> (tensor<*xf32>, tensor<*xi64>)
  return %y : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}, %i: tensor<2x1xi64> {onnx.name = "i"}, %u: tensor<2x1xf32> {onnx.name = "u"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  %k = onnx.constant dense<4> : tensor<1xi64>
  // expected-error @+1 {{cannot pick 4 of 3 elements}}
  %y, %z = onnx.node "TopK"(%x, %k) since 11 : (tensor<2x3xf32>, tensor<1xi64>) -> (tensor<*xf32>, tensor<*xi64>)
  return %y : tensor<*xf32>
}
