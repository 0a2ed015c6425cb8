// RUN: edgecc-opt %s --split-input-file --edgecc-emit-kernels | FileCheck %s

// Two pixels of eight bytes meet two channels: five pixels are three pairs, of
// which the last is one pixel twice. Sums are turned back before they are stored.

module attributes {target.cpu = #target.cpu<
    triple = "aarch64-unknown-linux-gnu", cpu = "neoverse-v1",
    features = "+i8mm", vectorBytes = 16, vectorRegs = 32,
    cacheLineBytes = 64, hasFma = true, fmaPerCycle = 4>} {

// CHECK-LABEL: func.func private @kernel_matmul
// CHECK-SAME: memref<5x128xi8>
// CHECK: vector.shuffle {{.*}} [0, 1, 4, 5] : vector<4xi32>, vector<4xi32>
// CHECK: vector.shuffle {{.*}} [2, 3, 6, 7] : vector<4xi32>, vector<4xi32>
// CHECK: scf.for
// CHECK-COUNT-3: vector.from_elements %{{.*}}, %{{.*}} : vector<2xi64>
// CHECK-COUNT-12: llvm.call_intrinsic "llvm.aarch64.neon.smmla.v4i32.v16i8"
// CHECK: }
// CHECK: vector.shuffle {{.*}} [0, 1, 4, 5] : vector<4xi32>, vector<4xi32>
// CHECK: vector.shuffle {{.*}} [2, 3, 6, 7] : vector<4xi32>, vector<4xi32>
func.func @main(%x: tensor<5x128xi8> {edge.name = "x"})
    -> (tensor<5x8xi32> {edge.name = "y"}) {
  %w = edge.constant dense<3> : tensor<128x8xi8>
  %b = edge.constant dense<1> : tensor<8xi32>
  %y = edge.matmul(%x, %w, %b)
      : (tensor<5x128xi8>, tensor<128x8xi8>, tensor<8xi32>)
      -> tensor<5x8xi32> {
  ^bb0(%s: i32):
    edge.yield %s : i32
  }
  return %y : tensor<5x8xi32>
}
}

// -----

// One row has no second one, and many sums are in flight without it.

module attributes {target.cpu = #target.cpu<
    triple = "aarch64-unknown-linux-gnu", cpu = "neoverse-v1",
    features = "+i8mm", vectorBytes = 16, vectorRegs = 32,
    cacheLineBytes = 64, hasFma = true, fmaPerCycle = 4>} {

// CHECK-LABEL: func.func private @kernel_matmul
// CHECK-NOT: mmla
// CHECK: llvm.call_intrinsic "llvm.aarch64.neon.sdot.v4i32.v16i8"
func.func @main(%x: tensor<1x32xi8> {edge.name = "x"})
    -> (tensor<1x256xi32> {edge.name = "y"}) {
  %w = edge.constant dense<3> : tensor<32x256xi8>
  %y = edge.matmul(%x, %w) : (tensor<1x32xi8>, tensor<32x256xi8>)
      -> tensor<1x256xi32> {
  ^bb0(%s: i32):
    edge.yield %s : i32
  }
  return %y : tensor<1x256xi32>
}
}
