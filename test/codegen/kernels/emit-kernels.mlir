// RUN: edgecc-opt %s -edgecc-emit-kernels -split-input-file -verify-diagnostics | FileCheck %s

#cpu = #target.cpu<triple = "x86_64-unknown-linux-gnu", cpu = "x86-64-v3", indexBits = 64, vectorBytes = 32, vectorRegs = 16, hasFma = true>

module attributes {target.cpu = #cpu} {
  // Inputs, outputs, arena; the names and types of the network stay on them.
  // CHECK-LABEL: func.func @main
  // CHECK-SAME: %[[X:[^:]*]]: memref<2x8xf32> {edge.name = "x", edge.type = tensor<2x8xf32>}
  // CHECK-SAME: %[[Y:[^:]*]]: memref<8x2xf32> {edge.name = "y", edge.output, edge.type = tensor<8x2xf32>}
  // CHECK-SAME: %{{[^:]*}}: memref<0xi8> {edge.arena}
  // CHECK: call @kernel_transpose_0(%[[X]], %[[Y]])
  // CHECK-SAME: edge.kind = "transpose"
  // CHECK-SAME: edge.layer = "turn"
  // CHECK: func.func private @kernel_transpose_0(%{{.*}}: memref<2x8xf32>, %{{.*}}: memref<8x2xf32>)
  func.func @main(%x: tensor<2x8xf32> {edge.name = "x"})
      -> (tensor<8x2xf32> {edge.name = "y"}) {
    %y = edge.transpose %x [1, 0] : tensor<2x8xf32> -> tensor<8x2xf32> loc("turn")
    return %y : tensor<8x2xf32>
  }
}

// -----

#cpu = #target.cpu<triple = "x86_64-unknown-linux-gnu", cpu = "x86-64-v3", indexBits = 64, vectorBytes = 32, vectorRegs = 16, hasFma = true>

module attributes {target.cpu = #cpu} {
  // Constants become one blob of bytes.
  // CHECK: memref.global "private" constant @weights : memref<{{[0-9]+}}xi8>
  // A reshape costs nothing: the next kernel reads the argument itself.
  // CHECK-LABEL: func.func @main
  // CHECK-SAME: %[[X:[^:]*]]: memref<2x8xf32>
  // CHECK-NOT: call @kernel_reshape
  // CHECK: call @kernel_add_0(
  // CHECK-NOT: call
  // CHECK: return
  func.func @main(%x: tensor<2x8xf32> {edge.name = "x"})
      -> (tensor<16xf32> {edge.name = "y"}) {
    %c = edge.constant dense<[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]> : tensor<16xf32>
    %v = edge.reshape %x : tensor<2x8xf32> -> tensor<16xf32>
    %y = edge.add %v, %c : tensor<16xf32>, tensor<16xf32> -> tensor<16xf32>
    return %y : tensor<16xf32>
  }
}

// -----

// Without the facts of a CPU nothing can be emitted.
// expected-error @+1 {{expects the attribute 'target.cpu'}}
module {
  func.func @main() {
    return
  }
}

// -----

// expected-error @+1 {{expects a function @main}}
module attributes {target.cpu = #target.cpu<triple = "x86_64-unknown-linux-gnu", cpu = "x86-64", indexBits = 64>} {
}

// -----

#cpu = #target.cpu<triple = "x86_64-unknown-linux-gnu", cpu = "x86-64-v3", indexBits = 64, vectorBytes = 32, vectorRegs = 16, hasFma = true>

// Threads fill a border in the kernel that writes the inside. The seven lines
// of that are parts of four and three; the first and the last part of the eleven
// lines with the border have the lines above and below.
module attributes {target.cpu = #cpu, target.threads = 2 : i64} {
  // CHECK-LABEL: func.func @main
  // CHECK: call @kernel_conv_0(
  // CHECK-SAME: memref<1x7x7x8xf32, strided<[968, 88, 8, 1]>>, memref<1x11x11x8xf32>
  // CHECK-NOT: kernel_pad
  // CHECK: call @kernel_conv_1(
  // CHECK-SAME: edge.after = array<i64: 0>
  // CHECK-LABEL: func.func private @kernel_conv_0
  // CHECK: scf.if
  // CHECK: arith.constant 4 : index
  // CHECK: } else {
  // CHECK: arith.constant 3 : index
  // CHECK: edge.parts
  // CHECK: scf.if
  // CHECK: arith.cmpi eq
  // CHECK-NEXT: scf.if
  // CHECK: arith.cmpi eq
  // CHECK-NEXT: scf.if
  // CHECK: edge.parts
  func.func @main(%x: tensor<1x9x9x8xf32> {edge.name = "x"},
                    %w: tensor<3x3x1x8xf32> {edge.name = "w"})
      -> (tensor<1x9x9x8xf32> {edge.name = "y"}) {
    %0 = edge.conv(%x, %w) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
        groups 8 : (tensor<1x9x9x8xf32>, tensor<3x3x1x8xf32>)
        -> tensor<1x7x7x8xf32>
    %1 = edge.pad %0 constant low [0, 2, 2, 0] high [0, 2, 2, 0]
        : tensor<1x7x7x8xf32> -> tensor<1x11x11x8xf32>
    %2 = edge.conv(%1, %w) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
        groups 8 : (tensor<1x11x11x8xf32>, tensor<3x3x1x8xf32>)
        -> tensor<1x9x9x8xf32>
    return %2 : tensor<1x9x9x8xf32>
  }
}
