// RUN: edgecc-opt %s -split-input-file -edgecc-emit-kernels -canonicalize | FileCheck %s

// Six pixels by two vectors are the tile that sixteen registers hold; the taps
// of a row and the channels are one loop.

module attributes {target.cpu = #target.cpu<triple = "x86_64-unknown-linux-gnu",
    cpu = "haswell", vectorBytes = 32, vectorRegs = 16, hasFma = true,
    fmaPerCycle = 2, loadsPerCycle = 2>} {
  // CHECK-LABEL: func.func private @kernel_conv_0
  // CHECK-SAME: memref<2304xf32>
  // CHECK: scf.for %{{.*}} = %c0 to %c6 step %c1
  // CHECK: %{{.*}}:12 = scf.for %{{.*}} = %c0 to %c3 step %c1
  // CHECK: %{{.*}}:12 = scf.for %{{.*}} = %c0 to %c48 step %c2
  // CHECK: vector.broadcast %{{.*}} : f32 to vector<8xf32>
  // CHECK-NEXT: arith.mulf %{{.*}} fastmath<contract> : vector<8xf32>
  // CHECK-NEXT: arith.addf %{{.*}} fastmath<contract> : vector<8xf32>
  func.func @main(%x: tensor<1x8x8x16xf32>) -> tensor<1x6x6x16xf32> {
    %w = edge.constant dense<1.0> : tensor<3x3x16x16xf32>
    %b = edge.constant dense<2.0> : tensor<16xf32>
    %y = edge.conv(%x, %w, %b) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
        : (tensor<1x8x8x16xf32>, tensor<3x3x16x16xf32>, tensor<16xf32>)
        -> tensor<1x6x6x16xf32>
    return %y : tensor<1x6x6x16xf32>
  }
}

// -----

// A pointwise convolution is one contraction over all 49 pixels.

module attributes {target.cpu = #target.cpu<triple = "aarch64-unknown-linux-gnu",
    cpu = "cortex-a72", vectorBytes = 16, vectorRegs = 32, hasFma = true>} {
  // CHECK-LABEL: func.func private @kernel_conv_0
  // CHECK-SAME: memref<1x7x7x8xf32>
  // CHECK-SAME: memref<160xf32>
  // CHECK: memref.reinterpret_cast %{{.*}} sizes: [1, 1, 49, 20]
  func.func @main(%x: tensor<1x7x7x8xf32>) -> tensor<1x7x7x20xf32> {
    %w = edge.constant dense<1.0> : tensor<1x1x8x20xf32>
    %y = edge.conv(%x, %w) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
        : (tensor<1x7x7x8xf32>, tensor<1x1x8x20xf32>) -> tensor<1x7x7x20xf32>
    return %y : tensor<1x7x7x20xf32>
  }
}

// -----

// One channel: the vectors run along the input channels.

module attributes {target.cpu = #target.cpu<triple = "x86_64-unknown-linux-gnu",
    cpu = "haswell", vectorBytes = 32, vectorRegs = 16, hasFma = true>} {
  // CHECK-LABEL: func.func private @kernel_conv_0
  // CHECK: vector.load %{{.*}} : memref<800xf32>, vector<8xf32>
  // CHECK: vector.reduction <add>, %{{.*}} fastmath<reassoc> : vector<8xf32> into f32
  func.func @main(%x: tensor<1x5x5x32xf32>) -> tensor<1x3x3x1xf32> {
    %w = edge.constant dense<1.0> : tensor<3x3x32x1xf32>
    %y = edge.conv(%x, %w) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
        : (tensor<1x5x5x32xf32>, tensor<3x3x32x1xf32>) -> tensor<1x3x3x1xf32>
    return %y : tensor<1x3x3x1xf32>
  }
}

// -----

// A depthwise convolution keeps its nine weights in registers.

module attributes {target.cpu = #target.cpu<triple = "aarch64-unknown-linux-gnu",
    cpu = "cortex-a72", vectorBytes = 16, vectorRegs = 32, hasFma = true>} {
  // CHECK-LABEL: func.func private @kernel_conv_0
  // CHECK-COUNT-9: vector.load %{{.*}} : memref<36xf32>, vector<4xf32>
  // CHECK: scf.for
  // CHECK-NOT: memref<36xf32>
  // CHECK: return
  func.func @main(%x: tensor<1x10x18x4xf32>) -> tensor<1x8x16x4xf32> {
    %w = edge.constant dense<1.0> : tensor<3x3x1x4xf32>
    %y = edge.conv(%x, %w) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
        groups 4
        : (tensor<1x10x18x4xf32>, tensor<3x3x1x4xf32>) -> tensor<1x8x16x4xf32>
    return %y : tensor<1x8x16x4xf32>
  }
}

// -----

// Four bytes of the reduction at once; the five that are left over are a group
// that overlaps the one before. Signed elements of the left side are flipped,
// and the end of each panel has what that adds.

module attributes {target.cpu = #target.cpu<triple = "x86_64-unknown-linux-gnu",
    cpu = "cascadelake", vectorBytes = 64, vectorRegs = 32, hasFma = true>} {
  // CHECK-LABEL: func.func private @kernel_matmul_0
  // CHECK-SAME: memref<8x21xi8>
  // CHECK-SAME: memref<448xi8>
  // CHECK: %[[SUMS:.*]] = vector.load %{{.*}} : memref<448xi8>, vector<64xi8>
  // CHECK: vector.bitcast %[[SUMS]] : vector<64xi8> to vector<16xi32>
  // CHECK: %[[BYTES:.*]] = vector.bitcast %{{.*}} : vector<16xi32> to vector<64xi8>
  // CHECK: %[[FLIPPED:.*]] = arith.xori %[[BYTES]], %{{.*}} : vector<64xi8>
  // CHECK: llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"(%{{.*}}, %[[FLIPPED]], %{{.*}})
  func.func @main(%x: tensor<8x21xi8>) -> tensor<8x16xi32> {
    %w = edge.constant dense<1> : tensor<21x16xi8>
    %y = edge.matmul(%x, %w) : (tensor<8x21xi8>, tensor<21x16xi8>) -> tensor<8x16xi32>
    return %y : tensor<8x16xi32>
  }
}

// -----

// Without such an instruction, pairs of 16 bits: the bytes with even and with
// odd positions.

module attributes {target.cpu = #target.cpu<triple = "x86_64-unknown-linux-gnu",
    cpu = "haswell", vectorBytes = 32, vectorRegs = 16, hasFma = true>} {
  // CHECK-LABEL: func.func private @kernel_matmul_0
  // CHECK-SAME: memref<192xi8>
  // CHECK-COUNT-2: vector.load %{{.*}} : memref<192xi8>, vector<16xi8>
  // CHECK: arith.andi %{{.*}} : vector<16xi16>
  // CHECK: arith.shrui %{{.*}} : vector<16xi16>
  // CHECK: %[[PAIRS:.*]] = llvm.call_intrinsic "llvm.x86.avx2.pmadd.wd"
  // CHECK: arith.addi %{{.*}}, %[[PAIRS]] : vector<8xi32>
  func.func @main(%x: tensor<8x21xui8>) -> tensor<8x8xi32> {
    %w = edge.constant dense<1> : tensor<21x8xi8>
    %y = edge.matmul(%x, %w) : (tensor<8x21xui8>, tensor<21x8xi8>) -> tensor<8x8xi32>
    return %y : tensor<8x8xi32>
  }
}

// -----

// Pairs of halves in core registers: five pixels and sixteen channels at a time,
// by one function for all contractions that take two words in a step.

module attributes {target.cpu = #target.cpu<triple = "thumbv7em-unknown-none-eabihf",
    cpu = "cortex-m4", indexBits = 32, hasF64 = false>} {
  // CHECK-LABEL: func.func private @kernel_conv_0
  // CHECK-SAME: memref<384xi8>
  // CHECK: llvm.call_intrinsic "llvm.arm.sxtb16"
  // CHECK: func.call @pairs_5x2s(
  // CHECK: func.func private @pairs_5x2s(
  // CHECK-SAME: passthrough = ["noinline"]
  // CHECK: llvm.inline_asm has_side_effects
  // CHECK-LABEL: func.func private @kernel_conv_1
  // CHECK: call @pairs_5x2s(
  // CHECK-NOT: llvm.inline_asm
  func.func @main(%x: tensor<1x4x5x8xi8>) -> tensor<1x4x5x8xi32> {
    %w = edge.constant dense<1> : tensor<1x1x8x32xi8>
    %y = edge.conv(%x, %w) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
        : (tensor<1x4x5x8xi8>, tensor<1x1x8x32xi8>) -> tensor<1x4x5x32xi32>
    %v = edge.constant dense<2> : tensor<1x1x8x8xi8>
    %z = edge.conv(%x, %v) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
        : (tensor<1x4x5x8xi8>, tensor<1x1x8x8xi8>) -> tensor<1x4x5x8xi32>
    return %z : tensor<1x4x5x8xi32>
  }
}

// -----

// For little code, all tiles are of eight pixels by one vector, and the last
// one ends with the last of the 49 pixels.

module attributes {edge.small_code,
    target.cpu = #target.cpu<triple = "x86_64-unknown-linux-gnu",
    cpu = "x86-64-v4", vectorBytes = 64, vectorRegs = 32, hasFma = true,
    fmaPerCycle = 1, loadsPerCycle = 2>} {
  // CHECK-LABEL: func.func private @kernel_conv_0
  // CHECK: scf.for %[[PIXEL:.*]] = %c0 to %c49 step %c8
  // CHECK-NEXT: %[[FIRST:.*]] = arith.minsi %[[PIXEL]], %c41
  // CHECK: %{{.*}}:8 = scf.for %{{.*}} = %c0 to %c96 step %c2
  // CHECK-NOT: vector<8xf32>
  // CHECK-LABEL: func.func private @kernel_conv_1
  // CHECK: scf.for %{{.*}} = %c0 to %c5 step %c1
  // CHECK: scf.for %{{.*}} = %c0 to %c160 step %c16
  // CHECK-COUNT-9: vector.load %{{.*}} : memref<1440xf32>
  // CHECK: scf.for %[[PIXEL:.*]] = %c0 to %c5 step %c4
  // CHECK-NEXT: arith.minsi %[[PIXEL]], %c1
  func.func @main(%x: tensor<1x7x7x96xf32>) -> tensor<1x5x5x160xf32> {
    %w = edge.constant dense<1.0> : tensor<1x1x96x160xf32>
    %b = edge.constant dense<2.0> : tensor<160xf32>
    %y = edge.conv(%x, %w, %b) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
        : (tensor<1x7x7x96xf32>, tensor<1x1x96x160xf32>, tensor<160xf32>)
        -> tensor<1x7x7x160xf32>
    %v = edge.constant dense<1.0> : tensor<3x3x1x160xf32>
    %z = edge.conv(%y, %v, %b) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
        groups 160
        : (tensor<1x7x7x160xf32>, tensor<3x3x1x160xf32>, tensor<160xf32>)
        -> tensor<1x5x5x160xf32>
    return %z : tensor<1x5x5x160xf32>
  }
}

// -----

// One instruction works on four registers of this machine: a vector of 16 and six
// pixels are the eight groups that it has.

module attributes {target.cpu = #target.cpu<triple = "riscv64-unknown-elf",
    cpu = "generic-rv64", vectorBytes = 16, vectorRegs = 32, hasFma = true>} {
  // CHECK-LABEL: func.func private @kernel_conv_0
  // CHECK: %{{.*}}:6 = scf.for %{{.*}} = %c0 to %c8 step %c2
  // CHECK: vector.broadcast %{{.*}} : f32 to vector<16xf32>
  func.func @main(%x: tensor<1x6x6x8xf32>) -> tensor<1x6x6x32xf32> {
    %w = edge.constant dense<1.0> : tensor<1x1x8x32xf32>
    %y = edge.conv(%x, %w) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
        : (tensor<1x6x6x8xf32>, tensor<1x1x8x32xf32>) -> tensor<1x6x6x32xf32>
    return %y : tensor<1x6x6x32xf32>
  }
}
