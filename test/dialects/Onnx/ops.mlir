// RUN: edgecc-opt %s | edgecc-opt | FileCheck %s
// RUN: edgecc-opt %s --mlir-print-op-generic | edgecc-opt | FileCheck %s

// CHECK-LABEL: func.func @conv
// CHECK-SAME: {onnx.dim_params = ["N", "", "", ""], onnx.name = "x"}
func.func @conv(%x: tensor<?x3x8x8xf32> {onnx.name = "x", onnx.dim_params = ["N", "", "", ""]},
                %w: tensor<4x3x3x3xf32>) -> tensor<?x4x8x8xf32> {
  // CHECK: %[[NONE:.*]] = onnx.none
  %bias = onnx.none
  // CHECK: onnx.node "Conv"(%{{.*}}, %{{.*}}, %[[NONE]]) since 11 {kernel_shape = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>} : (tensor<?x3x8x8xf32>, tensor<4x3x3x3xf32>, none) -> tensor<?x4x8x8xf32>
  %y = onnx.node "Conv"(%x, %w, %bias) since 11 {
    kernel_shape = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>
  } : (tensor<?x3x8x8xf32>, tensor<4x3x3x3xf32>, none) -> tensor<?x4x8x8xf32>
  // CHECK: onnx.node "Gelu"(%{{.*}}) domain "com.microsoft" since 1 : (tensor<?x4x8x8xf32>) -> tensor<?x4x8x8xf32>
  %z = onnx.node "Gelu"(%y) domain "com.microsoft" since 1
      : (tensor<?x4x8x8xf32>) -> tensor<?x4x8x8xf32>
  return %z : tensor<?x4x8x8xf32>
}

// A node may have several results, one of them left out, and no operands.
// CHECK-LABEL: func.func @results
func.func @results() {
  // CHECK: onnx.node "Unknown"() domain "a.b" since 3 {t = dense<1> : tensor<2xui8>} {edge.note} : () -> (tensor<2xi4>, none)
  %0:2 = onnx.node "Unknown"() domain "a.b" since 3 {t = dense<1> : tensor<2xui8>} {edge.note}
      : () -> (tensor<2xi4>, none)
  return
}

// CHECK-LABEL: func.func @if
func.func @if(%c: tensor<i1>, %a: tensor<2xf32>) -> tensor<2xf32> {
  // CHECK: onnx.node "If"(%{{.*}}) since 19 body "else_branch" {
  // CHECK-NEXT: onnx.yield %{{.*}} : tensor<2xf32>
  // CHECK-NEXT: } body "then_branch" {
  // CHECK: onnx.yield
  // CHECK-NEXT: } : (tensor<i1>) -> tensor<2xf32>
  %r = onnx.node "If"(%c) since 19 body "else_branch" {
    onnx.yield %a : tensor<2xf32>
  } body "then_branch" {
    %0 = onnx.node "Neg"(%a) since 13 : (tensor<2xf32>) -> tensor<2xf32>
    onnx.yield %0 : tensor<2xf32>
  } : (tensor<i1>) -> tensor<2xf32>
  return %r : tensor<2xf32>
}

// CHECK-LABEL: func.func @loop
func.func @loop(%m: tensor<i64>, %c: tensor<i1>, %a: tensor<2xf32>) -> tensor<2xf32> {
  // CHECK: onnx.node "Loop"({{.*}}) since 13 body "body" {
  // CHECK-NEXT: ^bb0(%{{.*}}: tensor<i64>, %[[C:.*]]: tensor<i1>, %[[A:.*]]: tensor<2xf32>):
  // CHECK-NEXT: onnx.yield %[[C]], %[[A]] : tensor<i1>, tensor<2xf32>
  %r = onnx.node "Loop"(%m, %c, %a) since 13 body "body" {
  ^bb0(%i: tensor<i64>, %cond: tensor<i1>, %s: tensor<2xf32>):
    onnx.yield %cond, %s : tensor<i1>, tensor<2xf32>
  } : (tensor<i64>, tensor<i1>, tensor<2xf32>) -> tensor<2xf32>
  return %r : tensor<2xf32>
}

// CHECK-LABEL: func.func @types
// CHECK-SAME: tensor<3x!onnx.string>
// CHECK-SAME: !onnx.sequence<tensor<?xf32>>
// CHECK-SAME: !onnx.optional<tensor<2xf32>>
// CHECK-SAME: !onnx.map<i64, tensor<f32>>
// CHECK-SAME: !onnx.unknown
func.func @types(%0: tensor<3x!onnx.string>, %1: !onnx.sequence<tensor<?xf32>>,
                 %2: !onnx.optional<tensor<2xf32>>, %3: !onnx.map<i64, tensor<f32>>,
                 %4: !onnx.unknown) {
  return
}

// CHECK-LABEL: func.func @constants
func.func @constants() {
  // CHECK: onnx.constant dense<[1, -1]> : tensor<2xi64>
  %0 = onnx.constant dense<[1, -1]> : tensor<2xi64>
  // CHECK: onnx.constant dense_resource<weight> : tensor<2xf32>
  %1 = onnx.constant dense_resource<weight> : tensor<2xf32>
  return
}

{-#
  dialect_resources: {
    builtin: {
      // The first four bytes are the alignment.
      weight: "0x400000000000803F00000040"
    }
  }
#-}
