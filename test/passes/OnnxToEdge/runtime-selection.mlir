// RUN: edgecc-opt %s -split-input-file -edgecc-onnx-to-edge | FileCheck %s
// RUN: edgecc-opt %s -split-input-file -edgecc-onnx-to-edge -edgecc-bound-shapes \
// RUN:   | FileCheck %s --check-prefix=BOUND

// Each element that is not zero goes to its place; how many there are is marked.
// Trials say what depends on how many there could be.
// CHECK-LABEL: func.func @main(
// CHECK:       edge.cumulative sum
// CHECK:       edge.scatter_elements none
// CHECK:       %[[Y:.*]] = builtin.unrealized_conversion_cast %{{.*}}, %{{.*}} : tensor<2x6xi64>, tensor<i32> to tensor<2x6xi64> {edge.dim = 1 : i64}
// CHECK:       return %[[Y]] : tensor<2x6xi64>
// CHECK-LABEL: func.func @main_trial_1(
// CHECK:       to tensor<2x8xi64>
// CHECK-LABEL: func.func @main_trial_2(
// CHECK:       to tensor<2x15xi64>

// BOUND-LABEL: func.func @main(
// BOUND-SAME:  -> (tensor<2x6xi64> {edge.name = "y", edge.shape = "y.shape"}, tensor<2xi32> {edge.name = "y.shape"})
// BOUND-NOT:   unrealized_conversion_cast
// BOUND-NOT:   func.func
func.func @main(%x: tensor<2x3xf32> {onnx.name = "x"}) -> (tensor<*xi64> {onnx.name = "y"}) {
  %y = onnx.node "NonZero"(%x) since 13 : (tensor<2x3xf32>) -> tensor<*xi64>
  return %y : tensor<*xi64>
}
