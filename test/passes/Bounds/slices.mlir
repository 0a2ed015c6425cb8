// RUN: edgecc-opt %s --edgecc-bound-shapes | FileCheck %s
// RUN: edgecc-opt %s --edgecc-bound-shapes=repeat-slices=false | FileCheck %s --check-prefix=WHOLE

// Slices of a batch that do not mix: the network of one takes its place.
module attributes {edge.bounds = {N = array<i64: 1, 8>}} {

// CHECK-LABEL: func.func @main(
// CHECK-SAME: tensor<1x4xf32> {edge.dims = ["N", ""], edge.name = "x", edge.slices = 8 : i64}
// CHECK-SAME: %[[N:[^:]*]]: tensor<i32> {edge.name = "N", edge.range = array<i64: 1, 8>, edge.repeats}
// CHECK-SAME: -> (tensor<1x4xf32> {edge.name = "y", edge.shape = "y.shape", edge.slices = 8 : i64}, tensor<2xi32> {edge.name = "y.shape"})
// CHECK: %[[Y:.*]] = edge.exp
// CHECK: %[[SIZE:.*]] = edge.reshape %[[N]]
// CHECK: %[[SHAPE:.*]] = edge.concat(%[[SIZE]],
// CHECK: return %[[Y]], %[[SHAPE]]
// CHECK-NOT: func.func
// WHOLE-LABEL: func.func @main(
// WHOLE-SAME: tensor<8x4xf32> {edge.dims = ["N", ""], edge.name = "x"}
func.func @main(%x: tensor<8x4xf32> {edge.name = "x", edge.dims = ["N", ""]})
    -> (tensor<8x4xf32> {edge.name = "y"}) {
  %y = edge.exp %x : tensor<8x4xf32> -> tensor<8x4xf32>
  return %y : tensor<8x4xf32>
}
func.func @main_at_4(%x: tensor<4x4xf32>) -> tensor<4x4xf32>
    attributes {edge.sizes = {N = 4}} {
  %y = edge.exp %x : tensor<4x4xf32> -> tensor<4x4xf32>
  return %y : tensor<4x4xf32>
}
func.func @main_at_1(%x: tensor<1x4xf32>) -> tensor<1x4xf32>
    attributes {edge.sizes = {N = 1}, edge.slice} {
  %y = edge.exp %x : tensor<1x4xf32> -> tensor<1x4xf32>
  return %y : tensor<1x4xf32>
}
}
