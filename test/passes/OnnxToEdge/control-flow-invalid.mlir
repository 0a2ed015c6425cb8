// RUN: edgecc-opt %s -split-input-file -edgecc-onnx-to-edge -verify-diagnostics

func.func @main(%x: tensor<4xf32> {onnx.name = "x"}, %c: tensor<i1> {onnx.name = "c"})
    -> (tensor<?xf32> {onnx.name = "y"}) {
  // expected-error @+1 {{result 0 is 'tensor<4xf32>' in one branch and 'tensor<2xf32>' in the other}}
  %y = onnx.node "If"(%c) since 16 body "then_branch" {
    onnx.yield %x : tensor<4xf32>
  } body "else_branch" {
    %t = onnx.constant dense<0.0> : tensor<2xf32>
    onnx.yield %t : tensor<2xf32>
  } : (tensor<i1>) -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// -----

func.func @main(%x: tensor<4xf32> {onnx.name = "x"}, %n: tensor<i64> {onnx.name = "n"})
    -> (tensor<?x4xf32> {onnx.name = "y"}) {
  %none = onnx.none
  // expected-error @+1 {{collects values over iterations whose number has no limit that is known at compile time}}
  %y:2 = onnx.node "Loop"(%n, %none, %x) since 21 body "body" {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %v: tensor<4xf32>):
    onnx.yield %c, %v, %v : tensor<i1>, tensor<4xf32>, tensor<4xf32>
  } : (tensor<i64>, none, tensor<4xf32>) -> (tensor<4xf32>, tensor<?x4xf32>)
  return %y#1 : tensor<?x4xf32>
}

// -----

func.func @main(%x: tensor<4xf32> {onnx.name = "x"}, %y: tensor<5xf32> {onnx.name = "y"})
    -> (tensor<?xf32> {onnx.name = "z"}) {
  // expected-error @+1 {{scans dimensions of size 4 and 5}}
  %z = onnx.node "Scan"(%x, %y) since 11 {num_scan_inputs = 2 : i64} body "body" {
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    onnx.yield %a : tensor<f32>
  } : (tensor<4xf32>, tensor<5xf32>) -> tensor<?xf32>
  return %z : tensor<?xf32>
}

// -----

func.func @main(%x: tensor<4xf32> {onnx.name = "x"}, %n: tensor<i64> {onnx.name = "n"})
    -> (tensor<*xf32> {onnx.name = "y"}) {
  %s = onnx.node "SequenceConstruct"(%x) since 11 : (tensor<4xf32>) -> !onnx.sequence<tensor<4xf32>>
  // expected-error @+1 {{operand 1 (position) must be known at compile time}}
  %y = onnx.node "SequenceAt"(%s, %n) since 11 : (!onnx.sequence<tensor<4xf32>>, tensor<i64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @main(%x: tensor<4xf32> {onnx.name = "x"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  %s = onnx.node "SequenceConstruct"(%x) since 11 : (tensor<4xf32>) -> !onnx.sequence<tensor<4xf32>>
  // expected-error @+1 {{operand 0 is a sequence or an empty optional, expected a tensor}}
  %y = onnx.node "Relu"(%s) since 14 : (!onnx.sequence<tensor<4xf32>>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}
