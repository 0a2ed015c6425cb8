// RUN: edgecc-opt %s -split-input-file -edgecc-emit-kernels | FileCheck %s

// The epilogue of an accumulator begins after those before it are stored, if it
// is long.

#cpu = #target.cpu<triple = "x86_64-unknown-linux-gnu", cpu = "x86-64-v3", vectorBytes = 32, vectorRegs = 16, hasFma = true>

// CHECK-LABEL: func.func private @kernel_conv_0
// CHECK: llvm.inline_asm has_side_effects "", "=v,0,~{memory}" %{{.*}} : (vector<8xf32>) -> vector<8xf32>
// CHECK: math.exp
// CHECK: vector.store
module attributes {target.cpu = #cpu} {
  func.func @main(%x: tensor<1x4x4x8xf32> {edge.name = "x"})
      -> (tensor<1x4x4x8xf32> {edge.name = "y"}) {
    %w = edge.constant dense<1.0> : tensor<1x1x8x8xf32>
    %y = edge.conv(%x, %w) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
        : (tensor<1x4x4x8xf32>, tensor<1x1x8x8xf32>) -> tensor<1x4x4x8xf32> {
    ^bb0(%s: f32):
      %one = arith.constant 1.0 : f32
      %e = math.exp %s : f32
      %d = arith.addf %e, %one : f32
      %q = arith.divf %s, %d : f32
      edge.yield %q : f32
    }
    return %y : tensor<1x4x4x8xf32>
  }
}

// -----

// Not in vectors of SVE, which no constraint names.

#cpu = #target.cpu<triple = "aarch64-unknown-linux-gnu", cpu = "a64fx", features = "+sve", vectorBytes = 64, vectorRegs = 32, hasFma = true>

// CHECK-LABEL: func.func private @kernel_conv_0
// CHECK-NOT: inline_asm
// CHECK: math.exp
// CHECK-NOT: inline_asm
module attributes {target.cpu = #cpu} {
  func.func @main(%x: tensor<1x4x4x16xf32> {edge.name = "x"})
      -> (tensor<1x4x4x16xf32> {edge.name = "y"}) {
    %w = edge.constant dense<1.0> : tensor<1x1x16x16xf32>
    %y = edge.conv(%x, %w) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
        : (tensor<1x4x4x16xf32>, tensor<1x1x16x16xf32>)
        -> tensor<1x4x4x16xf32> {
    ^bb0(%s: f32):
      %e = math.exp %s : f32
      edge.yield %e : f32
    }
    return %y : tensor<1x4x4x16xf32>
  }
}

// -----

// A short one needs no order.

#cpu = #target.cpu<triple = "x86_64-unknown-linux-gnu", cpu = "x86-64-v3", vectorBytes = 32, vectorRegs = 16, hasFma = true>

// CHECK-LABEL: func.func private @kernel_conv_0
// CHECK-NOT: inline_asm
module attributes {target.cpu = #cpu} {
  func.func @main(%x: tensor<1x4x4x8xf32> {edge.name = "x"})
      -> (tensor<1x4x4x8xf32> {edge.name = "y"}) {
    %w = edge.constant dense<1.0> : tensor<1x1x8x8xf32>
    %y = edge.conv(%x, %w) strides [1, 1] pads_low [0, 0] pads_high [0, 0]
        : (tensor<1x4x4x8xf32>, tensor<1x1x8x8xf32>) -> tensor<1x4x4x8xf32> {
    ^bb0(%s: f32):
      %n = arith.negf %s : f32
      edge.yield %n : f32
    }
    return %y : tensor<1x4x4x8xf32>
  }
}
