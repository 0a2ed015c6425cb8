// RUN: edgecc-opt %s -edgecc-emit-kernels -canonicalize | FileCheck %s

// Bands of two rows of eight: the buffer before the window holds two blocks of
// eight channels, four rows and ten pixels each, the one after it two rows. Two
// rows move to the front of the buffer for each band but the first.

module attributes {target.cpu = #target.cpu<triple = "x86_64-unknown-linux-gnu",
    cpu = "haswell", vectorBytes = 32, vectorRegs = 16, hasFma = true>} {
  // CHECK-LABEL: func.func @main
  // CHECK: call @kernel_row_bands_0
  // CHECK-SAME: edge.macs = 17408 : i64
  // CHECK-LABEL: func.func private @kernel_row_bands_0
  // CHECK-SAME: memref<1x8x8x4xf32>
  // CHECK-SAME: memref<640xf32>
  // CHECK-SAME: memref<1x2x8x16xf32>
  // CHECK: %[[LATER:.*]] = arith.cmpi ne, %{{.*}}, %c0
  // CHECK-NEXT: scf.if %[[LATER]]
  // CHECK: return
  func.func @main(%x: tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32> {
    %y = edge.row_bands(%x) rows 2
        : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32> {
    ^bb0(%a: tensor<1x8x8x4xf32>):
      %we = edge.constant dense<1.0> : tensor<1x1x4x16xf32>
      %wd = edge.constant dense<2.0> : tensor<3x3x1x16xf32>
      %wp = edge.constant dense<3.0> : tensor<1x1x16x4xf32>
      %e = edge.conv(%a, %we) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
          : (tensor<1x8x8x4xf32>, tensor<1x1x4x16xf32>) -> tensor<1x8x8x16xf32>
      %d = edge.conv(%e, %wd) strides [1, 1] pads_low [1, 1] pads_high [1, 1]
          groups 16
          : (tensor<1x8x8x16xf32>, tensor<3x3x1x16xf32>)
          -> tensor<1x8x8x16xf32>
      %p = edge.conv(%d, %wp) with (%a) strides [1, 1] pads_low [0, 0]
          pads_high [0, 0]
          : (tensor<1x8x8x16xf32>, tensor<1x1x16x4xf32>, tensor<1x8x8x4xf32>)
          -> tensor<1x8x8x4xf32> {
      ^bb0(%s: f32, %r: f32):
        %t = arith.addf %s, %r : f32
        edge.yield %t : f32
      }
      edge.yield %p : tensor<1x8x8x4xf32>
    }
    return %y : tensor<1x8x8x4xf32>
  }
}
