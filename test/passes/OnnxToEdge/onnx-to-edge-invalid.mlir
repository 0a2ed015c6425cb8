// RUN: edgecc-opt %s -split-input-file -edgecc-onnx-to-edge -verify-diagnostics

// All nodes without a converter are reported, in branches too.

module attributes {onnx.opsets = {ai.onnx = 17 : i64}} {
  func.func @main(%x: tensor<4xf32> {onnx.name = "x"}, %c: tensor<i1> {onnx.name = "c"})
      -> (tensor<4xf32> {onnx.name = "y"}) {
    // expected-error @+1 {{(operator Pact, domain ai.onnx, opset 17) is not supported}}
    %a = onnx.node "Pact"(%x) since 17 : (tensor<4xf32>) -> tensor<4xf32>
    %b = onnx.node "If"(%c) since 16 body "then_branch" {
      // expected-error @+1 {{(operator Shift, domain com.example, opset 1) is not supported}}
      %d = onnx.node "Shift"(%a) domain "com.example" since 1
          : (tensor<4xf32>) -> tensor<4xf32>
      onnx.yield %d : tensor<4xf32>
    } body "else_branch" {
      onnx.yield %a : tensor<4xf32>
    } : (tensor<i1>) -> tensor<4xf32>
    return %b : tensor<4xf32>
  }
}

// -----

// expected-error @+1 {{input 'x' has an unresolved dimension 'width'; set it with --shape=x:1x3x8xN}}
func.func @main(%x: tensor<1x3x8x?xf32> {onnx.name = "x", onnx.dim_params = ["", "", "", "width"]})
    -> (tensor<1x3x8x?xf32> {onnx.name = "y"}) {
  return %x : tensor<1x3x8x?xf32>
}

// -----

// expected-error @+1 {{input 'x' has type 'tensor<2x!onnx.string>'; expected a tensor of numbers of known rank}}
func.func @main(%x: tensor<2x!onnx.string> {onnx.name = "x"})
    -> (tensor<2x!onnx.string> {onnx.name = "y"}) {
  return %x : tensor<2x!onnx.string>
}

// -----

// A node with operands that do not fit is an error that names it.

func.func @main(%a: tensor<2x3xf32> {onnx.name = "a"}, %b: tensor<4x5xf32> {onnx.name = "b"})
    -> (tensor<2x5xf32> {onnx.name = "y"}) {
  // expected-error @+1 {{(operator MatMul, domain ai.onnx, opset 13): operands do not fit together: 'tensor<2x3xf32>' and 'tensor<4x5xf32>'}}
  %y = onnx.node "MatMul"(%a, %b) since 13
      : (tensor<2x3xf32>, tensor<4x5xf32>) -> tensor<2x5xf32>
  return %y : tensor<2x5xf32>
}

// -----

// expected-error @+1 {{expected a function 'main' of one block}}
module {
}

// -----

// expected-error @+1 {{input 'x' has the type 'tensor<1x1x1099511627776xf32>', more than 2^31 elements}}
func.func @main(%x: tensor<1x1x1099511627776xf32> {onnx.name = "x"})
    -> (tensor<1x1x?xf32> {onnx.name = "y"}) {
  %y = onnx.node "AveragePool"(%x) since 19 {kernel_shape = array<i64: 1>} : (tensor<1x1x1099511627776xf32>) -> tensor<1x1x?xf32>
  return %y : tensor<1x1x?xf32>
}

// -----

func.func @main(%x: tensor<1xf32> {onnx.name = "x"}) -> (tensor<*xf32> {onnx.name = "y"}) {
  %s = onnx.constant dense<[1099511627776, 4]> : tensor<2xi64>
  // expected-error @+1 {{makes a tensor of more than 2^31 elements, tensor<1099511627776x4xf32>}}
  %y = onnx.node "Expand"(%x, %s) since 13 : (tensor<1xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}
