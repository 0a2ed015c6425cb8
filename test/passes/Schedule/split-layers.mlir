// RUN: edgecc-opt %s -split-input-file -verify-diagnostics -edgecc-split-layers='step announce' | FileCheck %s
// RUN: edgecc-opt %s -split-input-file -verify-diagnostics -edgecc-split-layers='values' | FileCheck %s --check-prefix=VALUES

// Views are for all layers; a value that is read and the branch that it decides
// are one layer.

// CHECK: func.func private @on_layer(i32)
// CHECK-LABEL: func.func @main(
// CHECK-SAME: attributes {edge.layers = ["first (conv)", "second", "third"]}
// CHECK: %[[ZERO:.*]] = arith.constant 0 : i32
// CHECK-NEXT: call @on_layer(%[[ZERO]])
// CHECK-NEXT: call @kernel_a
// CHECK: call @on_layer
// CHECK-NEXT: memref.load
// CHECK: scf.if
// CHECK: call @on_layer
// CHECK-NEXT: call @kernel_a
// CHECK-NEXT: %[[THREE:.*]] = arith.constant 3 : i32
// CHECK-NEXT: call @on_layer(%[[THREE]])
// CHECK-NEXT: return

// CHECK-LABEL: func.func @step(
// CHECK-SAME: %{{.*}}: memref<4xf32>, %[[ARENA:.*]]: memref<32xi8>, %[[NUMBER:.*]]: i32)
// CHECK: %[[VIEW:.*]] = memref.view %[[ARENA]]
// CHECK: %[[INDEX:.*]] = arith.index_castui %[[NUMBER]]
// CHECK: scf.index_switch %[[INDEX]]
// CHECK-NEXT: case 0 {
// CHECK-NEXT: func.call @kernel_a(%{{.*}}, %[[VIEW]])
// CHECK-NEXT: scf.yield
// CHECK: case 1 {
// CHECK-NEXT: memref.load
// CHECK-NEXT: arith.cmpf
// CHECK-NEXT: scf.if
// CHECK: case 2 {
// CHECK-NEXT: func.call @kernel_a(%[[VIEW]]
// CHECK: default {
// CHECK-NEXT: }
func.func private @kernel_a(memref<4xf32>, memref<4xf32>)
func.func @main(%x: memref<4xf32>, %arena: memref<32xi8> {edge.arena}) {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %v = memref.view %arena[%c0][] : memref<32xi8> to memref<4xf32>
  call @kernel_a(%x, %v) {edge.kind = "conv", edge.layer = "first"}
      : (memref<4xf32>, memref<4xf32>) -> ()
  %e = memref.load %v[%c0] : memref<4xf32>
  %c = arith.cmpf olt, %e, %zero : f32
  scf.if %c {
    func.call @kernel_a(%v, %x) {edge.layer = "second"}
        : (memref<4xf32>, memref<4xf32>) -> ()
  }
  call @kernel_a(%v, %x) {edge.layer = "third"}
      : (memref<4xf32>, memref<4xf32>) -> ()
  return
}

// -----

// A value that a later layer reads makes one of the layers between.

// CHECK-LABEL: func.func @main(
// CHECK-SAME: edge.layers = ["first"]
func.func private @kernel_a(memref<4xf32>, memref<4xf32>)
func.func @main(%x: memref<4xf32>, %arena: memref<32xi8> {edge.arena}) {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %e = memref.load %x[%c0] : memref<4xf32>
  %c = arith.cmpf olt, %e, %zero : f32
  call @kernel_a(%x, %x) {edge.layer = "first"}
      : (memref<4xf32>, memref<4xf32>) -> ()
  scf.if %c {
    func.call @kernel_a(%x, %x) {edge.layer = "second"}
        : (memref<4xf32>, memref<4xf32>) -> ()
  }
  return
}

// -----

// expected-error @+1 {{expects a function @main of one block without results}}
module {
  func.func @main(%x: memref<4xf32>) -> f32 {
    %c0 = arith.constant 0 : index
    %e = memref.load %x[%c0] : memref<4xf32>
    return %e : f32
  }
}

// -----

// Of two calls for one value the second completes it. A value inside a larger
// tensor begins behind its start.

// VALUES: func.func private @kernel_b
// VALUES: func.func private @on_value(i32, index)
// VALUES: func.func @main(
// VALUES-SAME: {name = "a", strides = array<i64: 1>, type = tensor<4xf32>}
// VALUES-SAME: {name = "b", strides = array<i64: 1>, type = tensor<2xf32>}
// VALUES: call @kernel_a
// VALUES-NEXT: call @kernel_a
// VALUES: %[[A:.*]] = memref.extract_aligned_pointer_as_index
// VALUES: call @on_value(%{{.*}}, %[[A]])
// VALUES: call @kernel_b
// VALUES: %[[BASE:.*]] = memref.extract_aligned_pointer_as_index
// VALUES: %[[EIGHT:.*]] = arith.constant 8 : index
// VALUES: %[[B:.*]] = arith.addi %[[BASE]], %[[EIGHT]]
// VALUES: call @on_value(%{{.*}}, %[[B]])
// VALUES-NEXT: return
func.func private @kernel_a(memref<4xf32>, memref<4xf32>)
func.func private @kernel_b(memref<4xf32>, memref<2xf32, strided<[1], offset: 2>>)
func.func @main(%x: memref<4xf32>, %y: memref<4xf32>) {
  %part = memref.reinterpret_cast %y to offset: [2], sizes: [2], strides: [1]
      : memref<4xf32> to memref<2xf32, strided<[1], offset: 2>>
  call @kernel_a(%x, %x)
      {edge.layer = "first", edge.values = [{name = "a", operand = 1, type = tensor<4xf32>}]}
      : (memref<4xf32>, memref<4xf32>) -> ()
  call @kernel_a(%x, %x)
      {edge.layer = "first", edge.values = [{name = "a", operand = 1, type = tensor<4xf32>}]}
      : (memref<4xf32>, memref<4xf32>) -> ()
  call @kernel_b(%x, %part)
      {edge.layer = "second", edge.values = [{name = "b", operand = 1, type = tensor<2xf32>}]}
      : (memref<4xf32>, memref<2xf32, strided<[1], offset: 2>>) -> ()
  return
}
