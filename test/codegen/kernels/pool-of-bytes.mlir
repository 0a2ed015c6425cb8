// RUN: edgecc-opt %s -edgecc-emit-kernels -canonicalize | FileCheck %s

// An average that widens bytes as it reads them: nothing is stored in between,
// and no product is contracted with the sum, which would break ties otherwise.

module attributes {target.cpu = #target.cpu<triple = "aarch64-unknown-linux-gnu",
    cpu = "cortex-a72", vectorBytes = 16, vectorRegs = 32, hasFma = true>} {
  // CHECK-LABEL: func.func @main
  // CHECK: call @kernel_pool_0
  // CHECK-LABEL: func.func private @kernel_pool_0
  // CHECK-SAME: memref<1x4x4x4xi8>, %{{.*}}: memref<1x2x2x4xf32>
  // CHECK: arith.sitofp
  // CHECK: %[[PRODUCT:.*]] = arith.mulf
  // CHECK-NOT: fastmath
  // CHECK: arith.addf %[[PRODUCT]], %{{.*}} : vector<4xf32>
  // CHECK-NOT: fastmath
  // CHECK: return
  func.func @main(%x: tensor<1x4x4x4xi8>) -> tensor<1x2x2x4xf32> {
    %m = edge.map(%x) : (tensor<1x4x4x4xi8>) -> tensor<1x4x4x4xf32> {
    ^bb0(%a: i8):
      %s = arith.constant 0.3 : f32
      %f = arith.sitofp %a : i8 to f32
      %p = arith.mulf %f, %s : f32
      edge.yield %p : f32
    }
    %y = edge.pool sum(%m) kernel [2, 2] strides [2, 2] pads_low [0, 0]
        pads_high [0, 0] : (tensor<1x4x4x4xf32>) -> tensor<1x2x2x4xf32>
    return %y : tensor<1x2x2x4xf32>
  }
}
