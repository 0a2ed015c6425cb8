// RUN: edgecc-opt %s --split-input-file --edgecc-emit-kernels | FileCheck %s

// One row meets weights of 4 bits as bytes: 24 bits of its elements in three
// digits, each of which takes two products of four for eight rows of weights.

module attributes {target.cpu = #target.cpu<
    triple = "x86_64-unknown-linux-gnu", cpu = "cascadelake",
    vectorBytes = 64, vectorRegs = 32, cacheLineBytes = 64, hasFma = true>} {

// CHECK-LABEL: func.func private @kernel_block_matmul
// CHECK: arith.fptosi {{.*}} : vector<16xf32> to vector<16xi32>
// CHECK-COUNT-3: vector.store {{.*}} vector<4xi32>
// CHECK: arith.constant 252645135 : i32
// CHECK-COUNT-6: llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"
// CHECK-NOT: llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"
// CHECK: arith.sitofp
func.func @main(%x: tensor<1x32xf32> {edge.name = "x"})
    -> (tensor<1x16xf32> {edge.name = "y"}) {
  %w = edge.constant dense<-3> : tensor<32x16xi8>
  %s = edge.constant dense<0.5> : tensor<1x16xf32>
  %y = edge.block_matmul(%x, %w, %s) block 32
      : (tensor<1x32xf32>, tensor<32x16xi8>, tensor<1x16xf32>)
      -> tensor<1x16xf32> {
  ^bb0(%a: f32):
    edge.yield %a : f32
  }
  return %y : tensor<1x16xf32>
}
}

// -----

// Two rows share what becomes of the weights in f32.

module attributes {target.cpu = #target.cpu<
    triple = "x86_64-unknown-linux-gnu", cpu = "cascadelake",
    vectorBytes = 64, vectorRegs = 32, cacheLineBytes = 64, hasFma = true>} {

// CHECK-LABEL: func.func private @kernel_block_matmul
// CHECK-NOT: vpdpbusd
// CHECK: llvm.call_intrinsic "llvm.x86.avx512.permvar.sf.512"
func.func @main(%x: tensor<2x32xf32> {edge.name = "x"})
    -> (tensor<2x16xf32> {edge.name = "y"}) {
  %w = edge.constant dense<-3> : tensor<32x16xi8>
  %s = edge.constant dense<0.5> : tensor<1x16xf32>
  %y = edge.block_matmul(%x, %w, %s) block 32
      : (tensor<2x32xf32>, tensor<32x16xi8>, tensor<1x16xf32>)
      -> tensor<2x16xf32> {
  ^bb0(%a: f32):
    edge.yield %a : f32
  }
  return %y : tensor<2x16xf32>
}
}
