// RUN: edgecc-opt %s --canonicalize | FileCheck %s

// Constants and absent operands are unique after folding; unused ones go.
// CHECK-LABEL: func.func @unique
func.func @unique(%x: tensor<2xi64>) -> tensor<2xi64> {
  // CHECK-DAG: %[[NONE:.*]] = onnx.none
  // CHECK-DAG: %[[C:.*]] = onnx.constant dense<1> : tensor<2xi64>
  // CHECK-NOT: onnx.constant
  // CHECK-NOT: onnx.none
  %0 = onnx.constant dense<1> : tensor<2xi64>
  %1 = onnx.constant dense<1> : tensor<2xi64>
  %2 = onnx.constant dense<3> : tensor<2xi64>
  %3 = onnx.none
  %4 = onnx.none
  // CHECK: onnx.node "A"(%{{.*}}, %[[C]], %[[C]], %[[NONE]], %[[NONE]])
  %5 = onnx.node "A"(%x, %0, %1, %3, %4) domain "a" since 1
      : (tensor<2xi64>, tensor<2xi64>, tensor<2xi64>, none, none) -> tensor<2xi64>
  return %5 : tensor<2xi64>
}
