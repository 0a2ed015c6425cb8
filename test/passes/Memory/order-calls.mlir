// RUN: edgecc-opt %s -split-input-file -edgecc-order-calls | FileCheck %s

// Two branches with large buffers, given side by side: one is finished first.

func.func private @make(memref<64xi8>)
func.func private @grow(memref<64xi8>, memref<6400xi8>)
func.func private @shrink(memref<6400xi8>, memref<64xi8>)
func.func private @join(memref<64xi8>, memref<64xi8>, memref<64xi8>)

// CHECK-LABEL: func.func @branches
// CHECK-SAME: edge.order_bound = 6528
// CHECK: call @make
// CHECK: call @grow
// CHECK: call @shrink
// CHECK: call @grow
// CHECK: call @shrink
// CHECK: call @join
func.func @branches(%out: memref<64xi8>, %arena: memref<0xi8> {edge.arena}) {
  %x = memref.alloc() : memref<64xi8>
  %a = memref.alloc() : memref<6400xi8>
  %b = memref.alloc() : memref<6400xi8>
  %c = memref.alloc() : memref<64xi8>
  %d = memref.alloc() : memref<64xi8>
  call @make(%x) {edge.step = 0 : i64, edge.after = array<i64>} : (memref<64xi8>) -> ()
  call @grow(%x, %a) {edge.step = 1 : i64, edge.after = array<i64: 0>} : (memref<64xi8>, memref<6400xi8>) -> ()
  call @grow(%x, %b) {edge.step = 2 : i64, edge.after = array<i64: 0>} : (memref<64xi8>, memref<6400xi8>) -> ()
  call @shrink(%a, %c) {edge.step = 3 : i64, edge.after = array<i64: 1>} : (memref<6400xi8>, memref<64xi8>) -> ()
  call @shrink(%b, %d) {edge.step = 4 : i64, edge.after = array<i64: 2>} : (memref<6400xi8>, memref<64xi8>) -> ()
  call @join(%c, %d, %out) {edge.step = 5 : i64, edge.after = array<i64: 3, 4>} : (memref<64xi8>, memref<64xi8>, memref<64xi8>) -> ()
  return
}

// -----

// Calls that do not say what they need stay where they are.

func.func private @f(memref<64xi8>)

// CHECK-LABEL: func.func @unknown_unchanged
// CHECK-NOT: edge.order_bound
// CHECK: call @f
func.func @unknown_unchanged(%arena: memref<0xi8> {edge.arena}) {
  %x = memref.alloc() : memref<64xi8>
  call @f(%x) : (memref<64xi8>) -> ()
  return
}
