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

// -----

// A loop of a known number of iterations, whose body goes on without asking,
// collects.

// CHECK-LABEL: func.func @main(
// CHECK-SAME:    %[[X:[^:]*]]: tensor<4xf32>
// CHECK:         edge.loop 3 from(%[[X]]) : (tensor<4xf32>) -> (tensor<4xf32>, tensor<3x4xf32>) {
// CHECK-NEXT:    ^bb0(%{{.*}}: tensor<i64>, %[[V:.*]]: tensor<4xf32>):
// CHECK-NEXT:      %[[W:.*]] = edge.tanh %[[V]]
// CHECK-NEXT:      edge.yield %[[W]], %[[V]]
func.func @main(%x: tensor<4xf32> {onnx.name = "x"}) -> (tensor<4xf32> {onnx.name = "y"}, tensor<3x4xf32> {onnx.name = "z"}) {
  %n = onnx.constant dense<3> : tensor<i64>
  %none = onnx.none
  %y:2 = onnx.node "Loop"(%n, %none, %x) since 21 body "body" {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %v: tensor<4xf32>):
    %w = onnx.node "Tanh"(%v) since 13 : (tensor<4xf32>) -> tensor<4xf32>
    onnx.yield %c, %w, %v : tensor<i1>, tensor<4xf32>, tensor<4xf32>
  } : (tensor<i64>, none, tensor<4xf32>) -> (tensor<4xf32>, tensor<3x4xf32>)
  return %y#0, %y#1 : tensor<4xf32>, tensor<3x4xf32>
}

// -----

// One that is known at run time only, with a condition of its own.

// CHECK-LABEL: func.func @main(
// CHECK-SAME:    %[[N:[^:]*]]: tensor<i64>
// CHECK-SAME:    %[[C:[^:]*]]: tensor<i1>
// CHECK:         edge.loop 2147483647 trips %[[N]] : tensor<i64> while %[[C]] : tensor<i1> from(
func.func @main(%n: tensor<i64> {onnx.name = "n"}, %c0: tensor<i1> {onnx.name = "c"}, %x: tensor<1xf32> {onnx.name = "x"}) -> (tensor<1xf32> {onnx.name = "y"}) {
  %y = onnx.node "Loop"(%n, %c0, %x) since 21 body "body" {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %v: tensor<1xf32>):
    %w = onnx.node "Tanh"(%v) since 13 : (tensor<1xf32>) -> tensor<1xf32>
    %d = onnx.node "Less"(%w, %x) since 13 : (tensor<1xf32>, tensor<1xf32>) -> tensor<1xi1>
    onnx.yield %d, %w : tensor<1xi1>, tensor<1xf32>
  } : (tensor<i64>, tensor<i1>, tensor<1xf32>) -> tensor<1xf32>
  return %y : tensor<1xf32>
}

// -----

// What changes its shape is unrolled.

// CHECK-LABEL: func.func @main(
// CHECK-NOT:     edge.loop
// CHECK:         edge.concat({{.*}}) {axis = 0 : i64} : (tensor<4xf32>, tensor<4xf32>) -> tensor<8xf32>
// CHECK:         return %{{.*}} : tensor<12xf32>
func.func @main(%x: tensor<4xf32> {onnx.name = "x"}) -> (tensor<?xf32> {onnx.name = "y"}) {
  %n = onnx.constant dense<2> : tensor<i64>
  %none = onnx.none
  %y = onnx.node "Loop"(%n, %none, %x) since 21 body "body" {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %v: tensor<?xf32>):
    %w = onnx.node "Concat"(%v, %x) since 13 {axis = 0 : i64} : (tensor<?xf32>, tensor<4xf32>) -> tensor<?xf32>
    onnx.yield %c, %w : tensor<i1>, tensor<?xf32>
  } : (tensor<i64>, none, tensor<4xf32>) -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// -----

// A sequence is a list while the model is converted.

// CHECK-LABEL: func.func @main(
// CHECK-SAME:    %[[A:[^:]*]]: tensor<4xf32>
// CHECK-SAME:    %[[B:[^:]*]]: tensor<2xf32>
// CHECK-SAME:    -> (tensor<2xf32> {edge.name = "y_0"}, tensor<4xf32> {edge.name = "y_1"}, tensor<i64> {edge.name = "n"})
// CHECK-NEXT:    %[[N:.*]] = edge.constant dense<2>
// CHECK-NEXT:    return %[[B]], %[[A]], %[[N]]
func.func @main(%a: tensor<4xf32> {onnx.name = "a"}, %b: tensor<2xf32> {onnx.name = "b"}) -> (!onnx.sequence<tensor<?xf32>> {onnx.name = "y"}, tensor<i64> {onnx.name = "n"}) {
  %zero = onnx.constant dense<0> : tensor<i64>
  %s = onnx.node "SequenceConstruct"(%a) since 11 : (tensor<4xf32>) -> !onnx.sequence<tensor<?xf32>>
  %y = onnx.node "SequenceInsert"(%s, %b, %zero) since 11 : (!onnx.sequence<tensor<?xf32>>, tensor<2xf32>, tensor<i64>) -> !onnx.sequence<tensor<?xf32>>
  %n = onnx.node "SequenceLength"(%y) since 11 : (!onnx.sequence<tensor<?xf32>>) -> tensor<i64>
  return %y, %n : !onnx.sequence<tensor<?xf32>>, tensor<i64>
}
