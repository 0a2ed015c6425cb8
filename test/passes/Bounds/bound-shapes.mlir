// RUN: edgecc-opt %s --edgecc-bound-shapes | FileCheck %s

// The network at the largest size, and beside it at others.
module attributes {edge.bounds = {N = array<i64: 1, 8>}} {

// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:[^:]*]]: tensor<8x4xf32> {edge.dims = ["N", ""], edge.name = "x"}
// CHECK-SAME: %[[N:[^:]*]]: tensor<i32> {edge.name = "N", edge.range = array<i64: 1, 8>}
// CHECK-SAME: -> (tensor<1x4xf32>, tensor<8x4xf32> {edge.name = "y", edge.shape = "y.shape"}, tensor<2xi32> {edge.name = "y.shape"})
// What does not count adds nothing.
// CHECK: %[[PLACE:.*]] = edge.constant dense<{{.*}}0], [1], [2], [3], [4], [5], [6], [7]{{.*}}> : tensor<8x1xi32>
// CHECK: %[[COUNTS:.*]] = edge.compare lt %[[PLACE]], %[[N]]
// CHECK: %[[MASKED:.*]] = edge.select %[[COUNTS]], %[[X]],
// CHECK: %[[SUM:.*]] = edge.reduce sum(%[[MASKED]]) axes [0]
// The divisor of the mean is computed.
// CHECK: edge.reciprocal
// CHECK: %[[MEAN:.*]] = edge.mul %[[SUM]],
// CHECK: %[[Y:.*]] = edge.exp %[[X]]
// CHECK: %[[SHAPE:.*]] = edge.concat
// CHECK: return %[[MEAN]], %[[Y]], %[[SHAPE]]
// CHECK-NOT: func.func
func.func @main(%x: tensor<8x4xf32> {edge.name = "x", edge.dims = ["N", ""]})
    -> (tensor<1x4xf32>, tensor<8x4xf32> {edge.name = "y"}) {
  %s = edge.reduce sum(%x) axes [0] : (tensor<8x4xf32>) -> tensor<1x4xf32>
  %c = edge.constant dense<0.125> : tensor<f32>
  %m = edge.mul %s, %c : tensor<1x4xf32>, tensor<f32> -> tensor<1x4xf32>
  %y = edge.exp %x : tensor<8x4xf32> -> tensor<8x4xf32>
  return %m, %y : tensor<1x4xf32>, tensor<8x4xf32>
}
func.func @main_at_2(%x: tensor<2x4xf32>)
    -> (tensor<1x4xf32>, tensor<2x4xf32>) attributes {edge.sizes = {N = 2}} {
  %s = edge.reduce sum(%x) axes [0] : (tensor<2x4xf32>) -> tensor<1x4xf32>
  %c = edge.constant dense<0.5> : tensor<f32>
  %m = edge.mul %s, %c : tensor<1x4xf32>, tensor<f32> -> tensor<1x4xf32>
  %y = edge.exp %x : tensor<2x4xf32> -> tensor<2x4xf32>
  return %m, %y : tensor<1x4xf32>, tensor<2x4xf32>
}
func.func @main_at_4(%x: tensor<4x4xf32>)
    -> (tensor<1x4xf32>, tensor<4x4xf32>) attributes {edge.sizes = {N = 4}} {
  %s = edge.reduce sum(%x) axes [0] : (tensor<4x4xf32>) -> tensor<1x4xf32>
  %c = edge.constant dense<0.25> : tensor<f32>
  %m = edge.mul %s, %c : tensor<1x4xf32>, tensor<f32> -> tensor<1x4xf32>
  %y = edge.exp %x : tensor<4x4xf32> -> tensor<4x4xf32>
  return %m, %y : tensor<1x4xf32>, tensor<4x4xf32>
}
}
