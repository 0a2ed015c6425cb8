// RUN: edgecc-opt %s -edgecc-materialize-copies -split-input-file -verify-diagnostics | FileCheck %s

// What comes from a kernel is computed in place; the pass adds nothing.
// CHECK-LABEL: func @computed
// CHECK-NEXT: edge.transpose
// CHECK-NEXT: return
func.func @computed(%x: tensor<2x3xf32>) -> tensor<3x2xf32> {
  %y = edge.transpose %x [1, 0] : tensor<2x3xf32> -> tensor<3x2xf32>
  return %y : tensor<3x2xf32>
}

// An argument or a constant that is given back has a place of its own already.
// CHECK-LABEL: func @given
// CHECK-SAME: %[[X:.*]]: tensor<4xf32>
// CHECK: %[[C:.*]] = edge.constant
// CHECK: %[[A:.*]] = edge.map
// CHECK-SAME: %[[X]]
// CHECK: %[[B:.*]] = edge.map
// CHECK-SAME: %[[C]]
// CHECK: return %[[A]], %[[B]]
func.func @given(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %c = edge.constant dense<1.0> : tensor<4xf32>
  return %x, %c : tensor<4xf32>, tensor<4xf32>
}

// A value that is wanted in two places is computed in one and copied.
// CHECK-LABEL: func @twice
// CHECK: %[[Y:.*]] = edge.transpose
// CHECK: %[[COPY:.*]] = edge.map
// CHECK-SAME: %[[Y]]
// CHECK: return %[[Y]], %[[COPY]]
func.func @twice(%x: tensor<2x3xf32>) -> (tensor<3x2xf32>, tensor<3x2xf32>) {
  %y = edge.transpose %x [1, 0] : tensor<2x3xf32> -> tensor<3x2xf32>
  return %y, %y : tensor<3x2xf32>, tensor<3x2xf32>
}

// The operands of a concatenation are computed inside it; an argument is
// copied there.
// CHECK-LABEL: func @concat
// CHECK-SAME: %[[X:.*]]: tensor<2x3xf32>
// CHECK: %[[T:.*]] = edge.transpose
// CHECK: %[[COPY:.*]] = edge.map
// CHECK-SAME: %[[X]]
// CHECK: edge.concat(%[[T]], %[[COPY]])
func.func @concat(%x: tensor<2x3xf32>, %z: tensor<3x2xf32>) -> tensor<4x3xf32> {
  %t = edge.transpose %z [1, 0] : tensor<3x2xf32> -> tensor<2x3xf32>
  %y = edge.concat(%t, %x) {axis = 0 : i64}
      : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<4x3xf32>
  return %y : tensor<4x3xf32>
}
