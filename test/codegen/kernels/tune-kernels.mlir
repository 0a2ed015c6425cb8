// RUN: edgecc-opt %s -edgecc-tune-kernels | FileCheck %s
// RUN: sed 's/1, 3, 2, 16/1, 3, 2/' %s | not edgecc-opt -edgecc-tune-kernels 2>&1 | FileCheck %s --check-prefix=WRONG
// RUN: edgecc-opt %s -edgecc-select-winograd -edgecc-materialize-padding -edgecc-materialize-copies -edgecc-emit-kernels | FileCheck %s --check-prefix=TILES

module attributes {target.cpu = #target.cpu<triple = "x86_64-unknown-linux-gnu",
    cpu = "x86-64-v4", vectorBytes = 64, vectorRegs = 32, hasFma = true,
    l2Bytes = 1048576, l3Bytes = 8388608>} {
// Without a tuner nothing is measured, and the cost model chooses.
// CHECK-LABEL: func @main
// CHECK-NOT: edge.tiles
// CHECK: edge.conv{{.*}}edge.winograd = 0 : i64
// CHECK-NOT: edge.tiles
// CHECK: edge.matmul{{.*}}edge.tiles = array<i64: 1, 3, 2, 16>

// WRONG: error: expects 'edge.tiles' to be four positive numbers

// What a tuner has chosen is honoured: no fewer products, and a tile of three
// pixels and two vectors.
// TILES-LABEL: func.func private @kernel_conv
// TILES: memref<36864xf32>
// TILES-LABEL: func.func private @kernel_matmul
// TILES: iter_args(%{{[^,]*}}, %{{[^,]*}}, %{{[^,]*}}, %{{[^,]*}}, %{{[^,]*}}, %{{[^,]*}}) -> (vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>)
func.func @main(%x: tensor<1x58x58x64xf32> {edge.name = "x"},
                %a: tensor<12x64xf32> {edge.name = "a"})
    -> (tensor<1x56x56x64xf32> {edge.name = "y"}, tensor<12x64xf32> {edge.name = "b"}) {
  %w = edge.constant dense<1.0> : tensor<3x3x64x64xf32>
  %v = edge.constant dense<1.0> : tensor<64x64xf32>
  %y = edge.conv(%x, %w) strides [1, 1] pads_low [0, 0] pads_high [0, 0] {edge.winograd = 0 : i64}
      : (tensor<1x58x58x64xf32>, tensor<3x3x64x64xf32>)
      -> tensor<1x56x56x64xf32>
  %b = edge.matmul(%a, %v) {edge.tiles = array<i64: 1, 3, 2, 16>}
      : (tensor<12x64xf32>, tensor<64x64xf32>) -> tensor<12x64xf32>
  return %y, %b : tensor<1x56x56x64xf32>, tensor<12x64xf32>
}
}
