// RUN: edgecc-opt %s -split-input-file -edgecc-lower-to-llvm -verify-diagnostics

// expected-error @+1 {{the module has no 'target.cpu'}}
module {}

// -----

module attributes {target.cpu = #target.cpu<triple = "x86_64", cpu = "x86-64">} {
  func.func @f() {
    // expected-error @+1 {{'memref.alloc' op must have been planned into the arena}}
    %0 = memref.alloc() : memref<4xf32>
    return
  }
}

// -----

module attributes {target.cpu = #target.cpu<triple = "x86_64", cpu = "x86-64">} {
  func.func @f(%a: memref<4x4xf32, strided<[8, 1]>>, %b: memref<4x4xf32>) {
    // expected-error @+1 {{'memref.copy' op of strided memory must have become a loop}}
    memref.copy %a, %b : memref<4x4xf32, strided<[8, 1]>> to memref<4x4xf32>
    return
  }
}
