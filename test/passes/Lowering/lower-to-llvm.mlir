// RUN: edgecc-opt %s -split-input-file -convert-scf-to-cf -edgecc-lower-to-llvm | FileCheck %s

// Bare pointers, the index width of the target, internal linkage, and the
// annotation of a loop on its branch.

#annotation = #llvm.loop_annotation<unroll = <disable = true>>

// CHECK: #[[ANNOTATION:.*]] = #llvm.loop_annotation
// CHECK-LABEL: module
module attributes {target.cpu = #target.cpu<triple = "thumbv7em-none-eabihf",
    cpu = "cortex-m4", indexBits = 32>} {
  // CHECK: llvm.func internal @kernel(%{{.*}}: !llvm.ptr {llvm.noalias}, %{{.*}}: !llvm.ptr)
  // CHECK: llvm.mlir.constant(0 : index) : i32
  // CHECK: llvm.br ^{{.*}} {loop_annotation = #[[ANNOTATION]]}
  func.func private @kernel(%x: memref<16xf32> {llvm.noalias},
                            %y: memref<16xf32>) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c16 = arith.constant 16 : index
    scf.for %i = %c0 to %c16 step %c1 {
      %v = memref.load %x[%i] : memref<16xf32>
      memref.store %v, %y[%i] : memref<16xf32>
    } {llvm.loop_annotation = #annotation}
    return
  }

  // CHECK: llvm.func @main(
  // CHECK: llvm.call @kernel
  func.func @main(%x: memref<16xf32>, %y: memref<16xf32>) {
    call @kernel(%x, %y) : (memref<16xf32>, memref<16xf32>) -> ()
    return
  }
}

// -----

// A fused multiply-add of vectors may be done in two steps where the target
// has no instruction.

// CHECK-LABEL: llvm.func @fma
// CHECK: llvm.intr.fmuladd
module attributes {target.cpu = #target.cpu<triple = "x86_64", cpu = "x86-64">} {
  func.func @fma(%a: vector<4xf32>) -> vector<4xf32> {
    %0 = vector.fma %a, %a, %a : vector<4xf32>
    return %0 : vector<4xf32>
  }
}
