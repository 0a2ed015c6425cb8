// RUN: edgecc-opt %s -edgecc-emit-kernels -canonicalize | FileCheck %s

// Between transpositions, plane by plane: eight pixels of a channel in a
// vector, nothing in between. The left neighbour of the first pixel is zero.

module attributes {target.cpu = #target.cpu<triple = "x86_64-unknown-linux-gnu",
    cpu = "haswell", vectorBytes = 32, vectorRegs = 16, hasFma = true>} {
  // CHECK-LABEL: func.func @main
  // CHECK: call @kernel_row_bands_0
  // CHECK-LABEL: func.func private @kernel_row_bands_0(
  // CHECK-SAME: memref<1x4x8x8xf32>
  // CHECK-NOT: alloc
  // CHECK: %[[ROW:.*]] = vector.load {{.*}} vector<8xf32>
  // CHECK: vector.shuffle %{{.*}}, %[[ROW]] [7, 8, 9, 10, 11, 12, 13, 14]
  // CHECK: return
  func.func @main(%x: tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32> {
    %y = edge.row_bands(%x) rows 8 planar
        : (tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32> {
    ^bb0(%a: tensor<1x4x8x8xf32>):
      %w = edge.constant dense<2.0> : tensor<3x3x1x4xf32>
      %t = edge.transpose %a [0, 2, 3, 1]
          : tensor<1x4x8x8xf32> -> tensor<1x8x8x4xf32>
      %d = edge.conv(%t, %w) strides [1, 1] pads_low [1, 1] pads_high [1, 1]
          groups 4
          : (tensor<1x8x8x4xf32>, tensor<3x3x1x4xf32>) -> tensor<1x8x8x4xf32>
      %r = edge.transpose %d [0, 3, 1, 2]
          : tensor<1x8x8x4xf32> -> tensor<1x4x8x8xf32>
      edge.yield %r : tensor<1x4x8x8xf32>
    }
    return %y : tensor<1x4x8x8xf32>
  }
}
