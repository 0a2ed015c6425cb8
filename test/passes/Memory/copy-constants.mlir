// RUN: edgecc-opt %s -split-input-file -verify-diagnostics -edgecc-copy-constants=alignment=8 | FileCheck %s

// @twice reads its constants for each of 16 pixels: their copy begins before the
// call ahead of it. @once reads each byte once: a copy would not pay.
module attributes {target.cpu = #target.cpu<triple = "thumbv7em-none-eabi", cpu = "cortex-m4">,
                   edge.memory_map = [
    {name = "ram", bytes = 4096 : i64, bytes_per_cycle = 4.0 : f64, writable = true},
    {name = "flash", bytes = 4096 : i64, bytes_per_cycle = 1.0 : f64, writable = false}]} {
memref.global "private" constant @weights : memref<128xi8> = dense<1>
func.func private @often(%w: memref<16xi32>, %x: memref<16xi32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c16 = arith.constant 16 : index
  scf.for %pixel = %c0 to %c16 step %c1 {
    scf.for %i = %c0 to %c16 step %c1 {
      %value = memref.load %w[%i] : memref<16xi32>
      memref.store %value, %x[%i] : memref<16xi32>
    }
  }
  return
}
func.func private @once(%w: memref<16xi32>, %x: memref<16xi32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c16 = arith.constant 16 : index
  scf.for %i = %c0 to %c16 step %c1 {
    %value = memref.load %w[%i] : memref<16xi32>
    memref.store %value, %x[%i] : memref<16xi32>
  }
  return
}
// CHECK-LABEL: func.func @main
// CHECK-SAME: (%[[IN:[^:]*]]: memref<16xi32>
// CHECK: %[[GLOBAL:.*]] = memref.get_global @weights
// CHECK: %[[COPY:.*]] = memref.alloc() {alignment = 8 : i64} : memref<64xi8>
// CHECK: %[[C64:.*]] = arith.constant 64
// CHECK: %[[FROM:.*]] = memref.view %[[GLOBAL]][%[[C64]]][] : memref<128xi8> to memref<64xi8>
// CHECK: call @copy_64(%[[COPY]], %[[FROM]]) {edge.copy}
// CHECK: call @once
// CHECK: call @copy_wait() {edge.copy}
// CHECK: %[[VIEW:.*]] = memref.view %[[COPY]]
// CHECK: call @often(%[[VIEW]], %[[IN]]) {edge.copied_bytes = 64 : i64}
func.func @main(%x: memref<16xi32>, %arena: memref<0xi8> {edge.arena}) {
  %global = memref.get_global @weights : memref<128xi8>
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %a = memref.view %global[%c0][] : memref<128xi8> to memref<16xi32>
  %b = memref.view %global[%c64][] : memref<128xi8> to memref<16xi32>
  func.call @once(%a, %x) : (memref<16xi32>, memref<16xi32>) -> ()
  func.call @often(%b, %x) : (memref<16xi32>, memref<16xi32>) -> ()
  return
}
// CHECK: func.func private @copy_wait()
// CHECK: func.func private @copy_64(%[[TO:.*]]: memref<64xi8>, %{{.*}}: memref<64xi8>)
// CHECK: memref.extract_aligned_pointer_as_index %[[TO]]
// CHECK: call @copy_start({{.*}}) : (!llvm.ptr, !llvm.ptr, index)
// CHECK: func.func private @copy_start(!llvm.ptr, !llvm.ptr, index)
}

// -----

// With something that copies beside the CPU, what is read once gains too, if a
// kernel runs meanwhile: not what the first one reads.
module attributes {target.cpu = #target.cpu<triple = "thumbv7em-none-eabi", cpu = "cortex-m4">,
                   edge.dma_bytes_per_cycle = 1.0 : f64, edge.memory_map = [
    {name = "ram", bytes = 4096 : i64, bytes_per_cycle = 4.0 : f64, writable = true},
    {name = "flash", bytes = 4096 : i64, bytes_per_cycle = 1.0 : f64, writable = false}]} {
memref.global "private" constant @weights : memref<1024xi8> = dense<1>
func.func private @kernel(memref<512xi8>, memref<512xi8>)
// CHECK-LABEL: func.func @main
// CHECK: call @copy_512
// CHECK: call @kernel
// CHECK: call @copy_wait()
// CHECK: call @kernel
// CHECK-SAME: edge.copied_bytes = 512
func.func @main(%x: memref<512xi8>, %arena: memref<0xi8> {edge.arena}) {
  %global = memref.get_global @weights : memref<1024xi8>
  %c0 = arith.constant 0 : index
  %c512 = arith.constant 512 : index
  %a = memref.view %global[%c0][] : memref<1024xi8> to memref<512xi8>
  %b = memref.view %global[%c512][] : memref<1024xi8> to memref<512xi8>
  func.call @kernel(%a, %x) : (memref<512xi8>, memref<512xi8>) -> ()
  func.call @kernel(%b, %x) : (memref<512xi8>, memref<512xi8>) -> ()
  return
}
}

// -----

// Two that are read often take turns: one copy begins before the kernel that
// reads the other, after the wait for that. There is no room for a third.
module attributes {target.cpu = #target.cpu<triple = "thumbv7em-none-eabi", cpu = "cortex-m4">,
                   edge.memory_map = [
    {name = "ram", bytes = 96 : i64, bytes_per_cycle = 4.0 : f64, writable = true},
    {name = "flash", bytes = 4096 : i64, bytes_per_cycle = 1.0 : f64, writable = false}]} {
memref.global "private" constant @weights : memref<192xi8> = dense<1>
func.func private @often(%w: memref<12xi32>, %x: memref<16xi32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c12 = arith.constant 12 : index
  %c16 = arith.constant 16 : index
  scf.for %pixel = %c0 to %c16 step %c1 {
    scf.for %i = %c0 to %c12 step %c1 {
      %value = memref.load %w[%i] : memref<12xi32>
      memref.store %value, %x[%i] : memref<16xi32>
    }
  }
  return
}
// CHECK-LABEL: func.func @main
// CHECK: call @copy_48
// CHECK: call @copy_wait
// CHECK: call @copy_48
// CHECK: call @often
// CHECK-SAME: edge.copied_bytes = 48
// CHECK: call @copy_wait
// CHECK: call @often
// CHECK-SAME: edge.copied_bytes = 48
// CHECK: return
func.func @main(%x: memref<16xi32>, %arena: memref<0xi8> {edge.arena}) {
  %global = memref.get_global @weights : memref<192xi8>
  %c0 = arith.constant 0 : index
  %c96 = arith.constant 96 : index
  %a = memref.view %global[%c0][] : memref<192xi8> to memref<12xi32>
  %b = memref.view %global[%c96][] : memref<192xi8> to memref<12xi32>
  func.call @often(%a, %x) : (memref<12xi32>, memref<16xi32>) -> ()
  func.call @often(%b, %x) : (memref<12xi32>, memref<16xi32>) -> ()
  return
}
}

// -----

// Nothing is faster than where the constants are: nothing happens.
module attributes {edge.memory_map = [
    {name = "ram", bytes = 4096 : i64, bytes_per_cycle = 1.0 : f64, writable = true},
    {name = "flash", bytes = 4096 : i64, bytes_per_cycle = 1.0 : f64, writable = false}]} {
memref.global "private" constant @weights : memref<64xi8> = dense<1>
func.func private @kernel(memref<64xi8>)
// CHECK-LABEL: func.func @main
// CHECK-NOT: copy
func.func @main(%arena: memref<0xi8> {edge.arena}) {
  %global = memref.get_global @weights : memref<64xi8>
  func.call @kernel(%global) : (memref<64xi8>) -> ()
  return
}
}

// -----

// expected-error @+1 {{expects the attribute 'target.cpu'}}
module attributes {edge.memory_map = [
    {name = "ram", bytes = 4096 : i64, bytes_per_cycle = 4.0 : f64, writable = true},
    {name = "flash", bytes = 4096 : i64, bytes_per_cycle = 1.0 : f64, writable = false}]} {
func.func @main(%arena: memref<0xi8> {edge.arena}) {
  return
}
}
