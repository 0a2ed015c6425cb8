// RUN: edgecc-opt %s --split-input-file --edgecc-emit-kernels | FileCheck %s

// Two tiles of pixels meet two of channels, 32 products deep; sums begin with
// zero and the bias comes with the epilogue.

module attributes {target.cpu = #target.cpu<
    triple = "x86_64-unknown-linux-gnu", cpu = "sapphirerapids",
    features = "+amx-tile,+amx-bf16", vectorBytes = 64, vectorRegs = 32,
    hasFma = true>} {

// CHECK-LABEL: func.func private @kernel_matmul
// CHECK-COUNT-4: amx.tile_zero : !amx.tile<10x16xf32>
// CHECK: scf.for
// CHECK-COUNT-2: amx.tile_load {{.*}} into !amx.tile<16x32xbf16>
// CHECK: amx.tile_load {{.*}} into !amx.tile<10x32xbf16>
// CHECK-COUNT-2: amx.tile_mulf {{.*}} !amx.tile<10x32xbf16>, !amx.tile<16x32xbf16>, !amx.tile<10x16xf32>
// CHECK-COUNT-4: amx.tile_store
// CHECK: arith.addf
func.func @main(%x: tensor<20x64xbf16> {edge.name = "x"})
    -> (tensor<20x32xf32> {edge.name = "y"}) {
  %w = edge.constant dense<0.5> : tensor<64x32xbf16>
  %b = edge.constant dense<0.5> : tensor<32xf32>
  %y = edge.matmul(%x, %w, %b)
      : (tensor<20x64xbf16>, tensor<64x32xbf16>, tensor<32xf32>)
      -> tensor<20x32xf32> {
  ^bb0(%s: f32):
    edge.yield %s : f32
  }
  return %y : tensor<20x32xf32>
}
}

// -----

// Of nothing there are no tiles.

module attributes {target.cpu = #target.cpu<
    triple = "x86_64-unknown-linux-gnu", cpu = "sapphirerapids",
    features = "+amx-tile,+amx-bf16", vectorBytes = 64, vectorRegs = 32,
    hasFma = true>} {

// CHECK-LABEL: func.func @main(%{{.*}}: memref<0x64xbf16,
// CHECK-NOT: amx
func.func @main(%x: tensor<0x64xbf16> {edge.name = "x"})
    -> (tensor<0x32xf32> {edge.name = "y"}) {
  %w = edge.constant dense<0.5> : tensor<64x32xbf16>
  %y = edge.matmul(%x, %w)
      : (tensor<0x64xbf16>, tensor<64x32xbf16>) -> tensor<0x32xf32> {
  ^bb0(%s: f32):
    edge.yield %s : f32
  }
  return %y : tensor<0x32xf32>
}
}
