// RUN: edgecc-opt %s -split-input-file -verify-diagnostics -edgecc-plan-arena | FileCheck %s

func.func private @kernel(memref<16xf32>, memref<16xf32>)

// Three buffers in a chain need the room of two.
// CHECK-LABEL: func @chain
// CHECK-SAME: %[[X:.*]]: memref<16xf32>, %[[Y:.*]]: memref<16xf32>, %[[ARENA:.*]]: memref<128xi8> {edge.arena}
// CHECK-SAME: edge.arena_bound = 128
// CHECK-SAME: edge.arena_bytes = 128
// CHECK-SAME: edge.arena_plan = [array<i64:
func.func @chain(%x: memref<16xf32>, %y: memref<16xf32>,
                 %arena: memref<0xi8> {edge.arena}) {
  // CHECK-DAG: %[[A:.*]] = memref.view %[[ARENA]][%{{.*}}][] : memref<128xi8> to memref<16xf32>
  // CHECK-NOT: memref.alloc
  %a = memref.alloc() : memref<16xf32>
  %b = memref.alloc() : memref<16xf32>
  %c = memref.alloc() : memref<16xf32>
  // CHECK: call @kernel(%[[X]], %[[A]])
  func.call @kernel(%x, %a) : (memref<16xf32>, memref<16xf32>) -> ()
  func.call @kernel(%a, %b) : (memref<16xf32>, memref<16xf32>) -> ()
  func.call @kernel(%b, %c) : (memref<16xf32>, memref<16xf32>) -> ()
  func.call @kernel(%c, %y) : (memref<16xf32>, memref<16xf32>) -> ()
  // CHECK-NOT: memref.dealloc
  memref.dealloc %a : memref<16xf32>
  return
}

// A view keeps its base alive: %a and %b are in use at one time.
// CHECK-LABEL: func @view
// CHECK-SAME: memref<128xi8> {edge.arena}
func.func @view(%x: memref<16xf32>, %y: memref<16xf32>,
                %arena: memref<0xi8> {edge.arena}) {
  %a = memref.alloc() : memref<4x4xf32>
  %b = memref.alloc() : memref<16xf32>
  %v = memref.collapse_shape %a [[0, 1]] : memref<4x4xf32> into memref<16xf32>
  func.call @kernel(%x, %v) : (memref<16xf32>, memref<16xf32>) -> ()
  func.call @kernel(%x, %b) : (memref<16xf32>, memref<16xf32>) -> ()
  func.call @kernel(%b, %y) : (memref<16xf32>, memref<16xf32>) -> ()
  func.call @kernel(%v, %y) : (memref<16xf32>, memref<16xf32>) -> ()
  return
}

// Inside a loop, the next trip may read what this one wrote.
// CHECK-LABEL: func @loop
// CHECK-SAME: memref<128xi8> {edge.arena}
func.func @loop(%x: memref<16xf32>, %y: memref<16xf32>,
                %arena: memref<0xi8> {edge.arena}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %a = memref.alloc() : memref<16xf32>
  %b = memref.alloc() : memref<16xf32>
  scf.for %i = %c0 to %c8 step %c1 {
    func.call @kernel(%a, %y) : (memref<16xf32>, memref<16xf32>) -> ()
    func.call @kernel(%x, %a) : (memref<16xf32>, memref<16xf32>) -> ()
    func.call @kernel(%x, %b) : (memref<16xf32>, memref<16xf32>) -> ()
    func.call @kernel(%b, %y) : (memref<16xf32>, memref<16xf32>) -> ()
  }
  return
}

// The branches of a condition share their room; what leaves one stays alive.
// CHECK-LABEL: func @branches
// CHECK-SAME: memref<128xi8> {edge.arena}
func.func @branches(%c: i1, %x: memref<16xf32>, %y: memref<16xf32>,
                    %arena: memref<0xi8> {edge.arena}) {
  %r = scf.if %c -> (memref<16xf32>) {
    %a = memref.alloc() : memref<16xf32>
    func.call @kernel(%x, %a) : (memref<16xf32>, memref<16xf32>) -> ()
    scf.yield %a : memref<16xf32>
  } else {
    scf.yield %x : memref<16xf32>
  }
  %b = memref.alloc() : memref<16xf32>
  func.call @kernel(%x, %b) : (memref<16xf32>, memref<16xf32>) -> ()
  func.call @kernel(%b, %y) : (memref<16xf32>, memref<16xf32>) -> ()
  func.call @kernel(%r, %y) : (memref<16xf32>, memref<16xf32>) -> ()
  return
}

// What the second kernel reads begins 64 bytes after what it writes: together
// they take 192 bytes instead of 256.
// CHECK-LABEL: func @overlap
// CHECK-SAME: memref<192xi8> {edge.arena}
// CHECK-SAME: edge.arena_bound = 192
// CHECK-SAME: edge.arena_plan = [array<i64: 64, 128, {{.*}}>, array<i64: 0, 128, {{.*}}, 0, 64>]
func.func @overlap(%x: memref<16xf32>, %y: memref<16xf32>,
                   %arena: memref<0xi8> {edge.arena}) {
  %a = memref.alloc() : memref<32xf32>
  %b = memref.alloc() : memref<32xf32>
  func.call @widen(%x, %a) : (memref<16xf32>, memref<32xf32>) -> ()
  func.call @same(%a, %b) {edge.overlap = array<i64: 0, 1, 64>}
      : (memref<32xf32>, memref<32xf32>) -> ()
  func.call @narrow(%b, %y) : (memref<32xf32>, memref<16xf32>) -> ()
  return
}
func.func private @widen(memref<16xf32>, memref<32xf32>)
func.func private @same(memref<32xf32>, memref<32xf32>)
func.func private @narrow(memref<32xf32>, memref<16xf32>)

// Something else reads the operand later: nothing is shared.
// CHECK-LABEL: func @read_later
// CHECK-SAME: memref<256xi8> {edge.arena}
func.func @read_later(%x: memref<16xf32>, %y: memref<16xf32>,
                      %arena: memref<0xi8> {edge.arena}) {
  %a = memref.alloc() : memref<32xf32>
  %b = memref.alloc() : memref<32xf32>
  func.call @widen(%x, %a) : (memref<16xf32>, memref<32xf32>) -> ()
  func.call @same(%a, %b) {edge.overlap = array<i64: 0, 1, 64>}
      : (memref<32xf32>, memref<32xf32>) -> ()
  func.call @narrow(%b, %y) : (memref<32xf32>, memref<16xf32>) -> ()
  func.call @narrow(%a, %y) : (memref<32xf32>, memref<16xf32>) -> ()
  return
}

// CHECK-LABEL: func @nothing
// CHECK-SAME: memref<0xi8> {edge.arena}
func.func @nothing(%arena: memref<0xi8> {edge.arena}) {
  return
}

// -----

// expected-error @+1 {{allocates memory but has no argument with 'edge.arena'}}
func.func @no_arena() {
  // expected-note @+1 {{allocated here}}
  %a = memref.alloc() : memref<16xf32>
  return
}

// -----

func.func @dynamic(%n: index, %arena: memref<0xi8> {edge.arena}) {
  // expected-error @+1 {{expects an allocation of static shape and contiguous layout, found 'memref<?xf32>'}}
  %a = memref.alloc(%n) : memref<?xf32>
  return
}

// -----

// With a memory map each region is an argument; what is used most lies in the
// fastest one.
module attributes {edge.memory_map = [
    {name = "slow", bytes = 4096 : i64, bytes_per_cycle = 1.0 : f64, writable = true},
    {name = "fast", bytes = 64 : i64, bytes_per_cycle = 4.0 : f64, writable = true},
    {name = "flash", bytes = 4096 : i64, bytes_per_cycle = 1.0 : f64, writable = false}]} {
func.func private @kernel(memref<16xf32>, memref<16xf32>)
// CHECK-LABEL: func @regions
// CHECK-SAME: %[[SLOW:[^:]*]]: memref<64xi8> {edge.arena, edge.region = "slow", edge.region_bound = 64 : i64}
// CHECK-SAME: %[[FAST:[^:]*]]: memref<64xi8> {edge.arena, edge.region = "fast", edge.region_bound = 64 : i64}
// CHECK-SAME: edge.arena_bytes = 128
// CHECK-SAME: edge.buffer_regions = array<i64: 0, 1>
func.func @regions(%x: memref<16xf32>, %y: memref<16xf32>,
                   %arena: memref<0xi8> {edge.arena}) {
  // CHECK: memref.view %[[SLOW]]
  // CHECK: memref.view %[[FAST]]
  %a = memref.alloc() : memref<16xf32>
  %b = memref.alloc() : memref<16xf32>
  func.call @kernel(%x, %a) : (memref<16xf32>, memref<16xf32>) -> ()
  func.call @kernel(%x, %b) : (memref<16xf32>, memref<16xf32>) -> ()
  func.call @kernel(%b, %y) : (memref<16xf32>, memref<16xf32>) -> ()
  func.call @kernel(%b, %y) : (memref<16xf32>, memref<16xf32>) -> ()
  func.call @kernel(%a, %b) : (memref<16xf32>, memref<16xf32>) -> ()
  return
}
}
