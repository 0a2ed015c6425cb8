// RUN: edgecc-opt %s -split-input-file -verify-diagnostics -edgecc-verify-kernel

func.func @fine(%arena: memref<64xi8> {edge.arena}) {
  %c0 = arith.constant 0 : index
  %a = memref.view %arena[%c0][] : memref<64xi8> to memref<16xf32>
  %s = memref.alloca() : memref<4xf32>
  return
}

// -----

// expected-error @+1 {{takes or gives tensors}}
func.func private @tensors(%x: tensor<4xf32>)

// -----

func.func @constant() {
  // expected-error @+1 {{'arith.constant' op works on tensors}}
  %0 = arith.constant dense<1.0> : tensor<4xf32>
  return
}

// -----

func.func @edge() {
  // expected-error @+1 {{'edge.constant' op should have become a kernel}}
  %0 = edge.constant dense<1.0> : tensor<4xf32>
  return
}

// -----

func.func @heap() {
  // expected-error @+1 {{'memref.alloc' op manages memory of its own}}
  %0 = memref.alloc() : memref<4xf32>
  return
}
