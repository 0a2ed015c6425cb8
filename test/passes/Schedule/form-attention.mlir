// RUN: edgecc-opt %s -split-input-file -edgecc-form-attention=all | FileCheck %s
// RUN: edgecc-opt %s -split-input-file -edgecc-form-attention | FileCheck %s --check-prefix=NONE

// Without cost model nothing is formed.
// NONE-NOT: edge.attention

// Heads are read where projections put them; the mask is an extra.

// CHECK-LABEL: func.func @heads_in_place
// CHECK-SAME: %[[Q:.*]]: tensor<1x16x2x8xf32>, %[[K:.*]]: tensor<1x16x2x8xf32>, %[[V:.*]]: tensor<1x16x2x8xf32>, %[[M:.*]]: tensor<1x1x1x16xf32>
// CHECK-NEXT: %[[Y:.*]] = edge.attention(%[[Q]], %[[K]], %[[V]]) with(%[[M]])
// CHECK-SAME: query_dims [0, 2, 1, 3] key_dims [0, 2, 1, 3] value_dims [0, 2, 1, 3] result_dims [0, 2, 1, 3]
// CHECK: arith.mulf
// CHECK: return %[[Y]]
func.func @heads_in_place(%q: tensor<1x16x2x8xf32>, %k: tensor<1x16x2x8xf32>,
                          %v: tensor<1x16x2x8xf32>, %m: tensor<1x1x1x16xf32>)
    -> tensor<1x16x2x8xf32> {
  %qt = edge.transpose %q [0, 2, 1, 3]
      : tensor<1x16x2x8xf32> -> tensor<1x2x16x8xf32>
  %kt = edge.transpose %k [0, 2, 3, 1]
      : tensor<1x16x2x8xf32> -> tensor<1x2x8x16xf32>
  %vt = edge.transpose %v [0, 2, 1, 3]
      : tensor<1x16x2x8xf32> -> tensor<1x2x16x8xf32>
  %s = edge.matmul(%qt, %kt) with(%m) : (tensor<1x2x16x8xf32>,
      tensor<1x2x8x16xf32>, tensor<1x1x1x16xf32>) -> tensor<1x2x16x16xf32> {
  ^bb0(%a: f32, %b: f32):
    %c = arith.constant 0.5 : f32
    %d = arith.mulf %a, %c : f32
    %e = arith.addf %d, %b : f32
    edge.yield %e : f32
  }
  %p = edge.softmax %s {axis = 3 : i64}
      : tensor<1x2x16x16xf32> -> tensor<1x2x16x16xf32>
  %o = edge.matmul(%p, %vt) : (tensor<1x2x16x16xf32>, tensor<1x2x16x8xf32>)
      -> tensor<1x2x16x8xf32>
  %y = edge.transpose %o [0, 2, 1, 3]
      : tensor<1x2x16x8xf32> -> tensor<1x16x2x8xf32>
  return %y : tensor<1x16x2x8xf32>
}

// -----

// Through reshapes that add dimensions of size one.

// CHECK-LABEL: func.func @units
// CHECK: edge.attention(%{{.*}}, %{{.*}}, %{{.*}}) query_dims [-1, 1, 0, 2] key_dims [0, 1, 2, 3] value_dims [0, 1, 2, 3] result_dims [0, 1, 2, 3]
func.func @units(%q: tensor<16x2x8xf32>, %k: tensor<1x2x16x8xf32>,
                 %v: tensor<1x2x16x8xf32>) -> tensor<1x2x16x8xf32> {
  %qt = edge.transpose %q [1, 0, 2] : tensor<16x2x8xf32> -> tensor<2x16x8xf32>
  %qr = edge.reshape %qt : tensor<2x16x8xf32> -> tensor<1x2x16x8xf32>
  %kt = edge.transpose %k [0, 1, 3, 2]
      : tensor<1x2x16x8xf32> -> tensor<1x2x8x16xf32>
  %s = edge.matmul(%qr, %kt) : (tensor<1x2x16x8xf32>, tensor<1x2x8x16xf32>)
      -> tensor<1x2x16x16xf32>
  %p = edge.softmax %s {axis = 3 : i64}
      : tensor<1x2x16x16xf32> -> tensor<1x2x16x16xf32>
  %o = edge.matmul(%p, %v) : (tensor<1x2x16x16xf32>, tensor<1x2x16x8xf32>)
      -> tensor<1x2x16x8xf32>
  return %o : tensor<1x2x16x8xf32>
}

// -----

// Scores that somebody else reads stay, and so does softmax over queries.

// CHECK-LABEL: func.func @unchanged
// CHECK-NOT: edge.attention
func.func @unchanged(%q: tensor<2x16x8xf32>, %k: tensor<2x8x16xf32>,
                     %v: tensor<2x16x8xf32>)
    -> (tensor<2x16x16xf32>, tensor<2x16x8xf32>, tensor<2x16x8xf32>) {
  %s = edge.matmul(%q, %k) : (tensor<2x16x8xf32>, tensor<2x8x16xf32>)
      -> tensor<2x16x16xf32>
  %p = edge.softmax %s {axis = 2 : i64}
      : tensor<2x16x16xf32> -> tensor<2x16x16xf32>
  %o = edge.matmul(%p, %v) : (tensor<2x16x16xf32>, tensor<2x16x8xf32>)
      -> tensor<2x16x8xf32>
  %t = edge.matmul(%q, %k) : (tensor<2x16x8xf32>, tensor<2x8x16xf32>)
      -> tensor<2x16x16xf32>
  %u = edge.softmax %t {axis = 1 : i64}
      : tensor<2x16x16xf32> -> tensor<2x16x16xf32>
  %w = edge.matmul(%u, %v) : (tensor<2x16x16xf32>, tensor<2x16x8xf32>)
      -> tensor<2x16x8xf32>
  return %p, %o, %w : tensor<2x16x16xf32>, tensor<2x16x8xf32>, tensor<2x16x8xf32>
}
