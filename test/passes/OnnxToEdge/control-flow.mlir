// RUN: edgecc-opt %s -split-input-file -edgecc-onnx-to-edge | FileCheck %s

// A condition known at compile time takes its branch; the other one is not
// even looked at. The condition here becomes known by folding only.

// CHECK-LABEL: func.func @main(
// CHECK-SAME:    %[[X:[^:]*]]: tensor<4xf32>
// CHECK-NEXT:    %[[Y:.*]] = edge.tanh %[[X]]
// CHECK-NEXT:    return %[[Y]]
func.func @main(%x: tensor<4xf32> {onnx.name = "x"}) -> (tensor<4xf32> {onnx.name = "y"}) {
  %shape = onnx.node "Shape"(%x) since 15 : (tensor<4xf32>) -> tensor<1xi64>
  %four = onnx.constant dense<4> : tensor<1xi64>
  %c = onnx.node "Equal"(%shape, %four) since 13 : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi1>
  %y = onnx.node "If"(%c) since 16 body "then_branch" {
    %t = onnx.node "Tanh"(%x) since 13 : (tensor<4xf32>) -> tensor<4xf32>
    onnx.yield %t : tensor<4xf32>
  } body "else_branch" {
    %t = onnx.node "Nonsense"(%x) since 1 : (tensor<4xf32>) -> tensor<4xf32>
    onnx.yield %t : tensor<4xf32>
  } : (tensor<1xi1>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

// CHECK-LABEL: func.func @main(
// CHECK-SAME:    %[[X:[^:]*]]: tensor<4xf32>
// CHECK-SAME:    %[[C:[^:]*]]: tensor<1xi1>
// CHECK:         %[[S:.*]] = edge.reshape %[[C]] : tensor<1xi1> -> tensor<i1>
// CHECK:         edge.if %[[S]] -> (tensor<4xf32>) {
// CHECK:           edge.tanh %[[X]]
// CHECK:         } else {
// CHECK-NEXT:      edge.yield %[[X]] : tensor<4xf32>
func.func @main(%x: tensor<4xf32> {onnx.name = "x"}, %c: tensor<1xi1> {onnx.name = "c"})
    -> (tensor<4xf32> {onnx.name = "y"}) {
  %y = onnx.node "If"(%c) since 16 body "then_branch" {
    %t = onnx.node "Tanh"(%x) since 13 : (tensor<4xf32>) -> tensor<4xf32>
    onnx.yield %t : tensor<4xf32>
  } body "else_branch" {
    onnx.yield %x : tensor<4xf32>
  } : (tensor<1xi1>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}
