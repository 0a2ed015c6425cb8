// RUN: not edgecc-opt %s -edgecc-prune-weights=pruning=magnitude:2:4 2>&1 | FileCheck %s --check-prefix=NOTHING
// NOTHING: error: there is nothing to prune; expected convolutions or products with known weights of f32, at least 16 for each output channel, whose input channels are a multiple of 4
// RUN: not edgecc-opt %s -edgecc-prune-weights=pruning=magnitude:0.5 2>&1 | FileCheck %s --check-prefix=NAN
// NAN: error: {{.*}}cannot prune weights that hold an infinity or NaN
// RUN: not edgecc-opt %s -edgecc-prune-weights=pruning=magnitude:0.5:4x1uniform 2>&1 | FileCheck %s --check-prefix=BLOCK
// BLOCK: error: cannot read '4x1uniform'; expected OUTPUTSxINPUTS:uniform or uniform

func.func @odd(%x: tensor<1x17xf32>) -> tensor<1x1xf32> {
  %w = edge.constant dense<0x7FC00000> : tensor<17x1xf32>
  %0 = edge.matmul(%x, %w) : (tensor<1x17xf32>, tensor<17x1xf32>) -> tensor<1x1xf32>
  return %0 : tensor<1x1xf32>
}
