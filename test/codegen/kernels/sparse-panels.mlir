// RUN: edgecc-opt %s --split-input-file --edgecc-emit-kernels | FileCheck %s

// Four of 16 inputs are picked, by positions of four bits. Two products of 100
// and 255 do not fit into 16 bits, but each byte has a zero for a neighbour.

module attributes {target.cpu = #target.cpu<
    triple = "x86_64-unknown-linux-gnu", cpu = "x86-64-v3", vectorBytes = 32, vectorRegs = 16,
    cacheLineBytes = 64, hasFma = true>} {

// CHECK-LABEL: func.func private @kernel_matmul
// CHECK: scf.for
// CHECK: arith.extui {{.*}} : vector<8xi16> to vector<8xi32>
// CHECK: vector.load {{.*}} : memref<16xi8>, vector<16xi8>
// CHECK: llvm.call_intrinsic "llvm.x86.avx2.pshuf.b"
// CHECK: llvm.call_intrinsic "llvm.x86.avx2.pmadd.ub.sw"
// CHECK: llvm.call_intrinsic "llvm.x86.avx2.pmadd.wd"
func.func @main(%x: tensor<1x16xui8> {edge.name = "x"})
    -> (tensor<1x8xi32> {edge.name = "y"}) {
  %w = edge.constant dense<[
    [100, 100, 100, 100, 100, 100, 100, 100],
    [0, 0, 0, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0, 0, 0],
    [100, 100, 100, 100, 100, 100, 100, 100],
    [0, 0, 0, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0, 0, 0],
    [100, 100, 100, 100, 100, 100, 100, 100],
    [0, 0, 0, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0, 0, 0],
    [100, 100, 100, 100, 100, 100, 100, 100]]> : tensor<16x8xi8>
  %y = edge.matmul(%x, %w) {edge.sparse_panels}
      : (tensor<1x16xui8>, tensor<16x8xi8>) -> tensor<1x8xi32>
  return %y : tensor<1x8xi32>
}
}

// -----

// The same by a table.

module attributes {target.cpu = #target.cpu<
    triple = "aarch64-unknown-linux-gnu", cpu = "neoverse-v1", vectorBytes = 16, vectorRegs = 32,
    cacheLineBytes = 64, hasFma = true>} {

// CHECK-LABEL: func.func private @kernel_matmul
// CHECK: scf.for
// CHECK: llvm.call_intrinsic "llvm.aarch64.neon.tbl1.v16i8"
// CHECK: llvm.call_intrinsic "llvm.aarch64.neon.usdot.v4i32.v16i8"
func.func @main(%x: tensor<1x16xui8> {edge.name = "x"})
    -> (tensor<1x8xi32> {edge.name = "y"}) {
  %w = edge.constant dense<[
    [100, 100, 100, 100, 100, 100, 100, 100],
    [0, 0, 0, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0, 0, 0],
    [100, 100, 100, 100, 100, 100, 100, 100],
    [0, 0, 0, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0, 0, 0],
    [100, 100, 100, 100, 100, 100, 100, 100],
    [0, 0, 0, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0, 0, 0],
    [100, 100, 100, 100, 100, 100, 100, 100]]> : tensor<16x8xi8>
  %y = edge.matmul(%x, %w) {edge.sparse_panels}
      : (tensor<1x16xui8>, tensor<16x8xi8>) -> tensor<1x8xi32>
  return %y : tensor<1x8xi32>
}
}

// -----

// One of eight floats.

module attributes {target.cpu = #target.cpu<
    triple = "x86_64-unknown-linux-gnu", cpu = "x86-64-v3", vectorBytes = 32, vectorRegs = 16,
    cacheLineBytes = 64, hasFma = true>} {

// CHECK-LABEL: func.func private @kernel_matmul
// CHECK: scf.for
// CHECK: arith.extui {{.*}} : vector<8xi8> to vector<8xi32>
// CHECK: llvm.call_intrinsic "llvm.x86.avx2.permps"
func.func @main(%x: tensor<1x16xf32> {edge.name = "x"})
    -> (tensor<1x8xf32> {edge.name = "y"}) {
  %w = edge.constant dense<[
    [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    [0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    [0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0],
    [0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0],
    [0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0],
    [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0],
    [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0],
    [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    [0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    [0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0],
    [0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0],
    [0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0],
    [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0],
    [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]]> : tensor<16x8xf32>
  %y = edge.matmul(%x, %w) {edge.sparse_panels}
      : (tensor<1x16xf32>, tensor<16x8xf32>) -> tensor<1x8xf32>
  return %y : tensor<1x8xf32>
}
}

// -----

// Without zeros there is nothing to pick: groups of four as ever.

module attributes {target.cpu = #target.cpu<
    triple = "x86_64-unknown-linux-gnu", cpu = "x86-64-v3", vectorBytes = 32, vectorRegs = 16,
    cacheLineBytes = 64, hasFma = true>} {

// CHECK-LABEL: func.func private @kernel_matmul
// CHECK-NOT: pshuf
// CHECK: llvm.call_intrinsic "llvm.x86.avx2.pmadd.wd"
// CHECK-NOT: pshuf
func.func @main(%x: tensor<1x16xui8> {edge.name = "x"})
    -> (tensor<1x8xi32> {edge.name = "y"}) {
  %w = edge.constant dense<[
    [1, 1, 1, 1, 1, 1, 1, 1],
    [2, 2, 2, 2, 2, 2, 2, 2],
    [3, 3, 3, 3, 3, 3, 3, 3],
    [4, 4, 4, 4, 4, 4, 4, 4],
    [5, 5, 5, 5, 5, 5, 5, 5],
    [6, 6, 6, 6, 6, 6, 6, 6],
    [7, 7, 7, 7, 7, 7, 7, 7],
    [8, 8, 8, 8, 8, 8, 8, 8],
    [9, 9, 9, 9, 9, 9, 9, 9],
    [10, 10, 10, 10, 10, 10, 10, 10],
    [11, 11, 11, 11, 11, 11, 11, 11],
    [12, 12, 12, 12, 12, 12, 12, 12],
    [13, 13, 13, 13, 13, 13, 13, 13],
    [14, 14, 14, 14, 14, 14, 14, 14],
    [15, 15, 15, 15, 15, 15, 15, 15],
    [16, 16, 16, 16, 16, 16, 16, 16]]> : tensor<16x8xi8>
  %y = edge.matmul(%x, %w) {edge.sparse_panels}
      : (tensor<1x16xui8>, tensor<16x8xi8>) -> tensor<1x8xi32>
  return %y : tensor<1x8xi32>
}
}
