//===- Passes.td - passes that take weights away -----------*- tablegen -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_PRUNE_PASSES_TD
#define EDGECC_PASSES_PRUNE_PASSES_TD

include "mlir/Pass/PassBase.td"

def PruneWeights : Pass<"edgecc-prune-weights", "::mlir::func::FuncOp"> {
  let summary = "make weights zero";
  let description = [{
    Makes weights of convolutions and of products with known matrices of f32
    zero, those of least magnitude or those that products on examples miss least
    (`obc`, which also changes the weights that stay such that they make good for
    those that go). Zeros are anywhere (`magnitude:0.8`), in blocks of output and
    input channels (`magnitude:0.8:4x1`), or in each group of consecutive input
    channels (`magnitude:2:4`, at most 2 of 4 stay).

    A share is one of all weights that can be pruned; layers have as many zeros
    as is cheapest in relation to what stays of them, or all the same share
    (`magnitude:0.8:uniform`, `magnitude:0.8:4x1:uniform`). Layers with fewer than 16
    weights for an output channel have none to spare, and groups divide the input
    channels. `obc:0.8:rounds=4` reaches the share in four rounds, each with the
    inputs that layers have after the one before.

    Example, with `pruning=magnitude:0.5`:

    ```mlir
    %w = edge.constant dense<[[1.0], [-3.0], ...]> : tensor<16x1xf32>
    // becomes
    %w = edge.constant dense<[[0.0], [-3.0], ...]> : tensor<16x1xf32>
    ```
  }];
  let options = [
    Option<"pruning", "pruning", "std::string", /*default=*/"",
           "METHOD:SHARE, METHOD:SHARE:OUTPUTSxINPUTS, these with `:uniform`, or "
           "METHOD:KEPT:GROUP">
  ];
  let constructor = "::edgecc::prune::createPruneWeightsPass()";
  let dependentDialects = ["::edgecc::edge::EdgeDialect"];
  let statistics = [
    Statistic<"numPruned", "pruned", "layers whose weights are pruned">
  ];
}

def PruneChannels : Pass<"edgecc-prune-channels", "::mlir::func::FuncOp"> {
  let summary = "make channels useless";
  let description = [{
    Makes zero all weights that read some channels, until
    `edgecc-remove-dead-channels` can save a share of the multiplications.
    Channels go in groups, through residual additions, depthwise convolutions
    and joins (`ChannelGroups`); those go first that contribute least to the
    products that read them for each multiplication that they cost: the squares
    of their weights times that of the channel, on examples or by the weights
    that make it. With examples, the products of each layer count by how much
    the results of the network differ when they are disturbed, and the weights
    that stay make good for those that go.
  }];
  let constructor = "::edgecc::prune::createPruneChannelsPass()";
  let dependentDialects = ["::edgecc::edge::EdgeDialect"];
  let options = [
    Option<"share", "share", "double", /*default=*/"0",
           "the share of the multiplications of convolutions and products">
  ];
}

def RemoveDeadChannels : Pass<"edgecc-remove-dead-channels",
                              "::mlir::func::FuncOp"> {
  let summary = "remove channels that nothing reads";
  let description = [{
    A channel - a position of the last dimension - goes if all weights that read
    it are zero, or if it holds one number, because all weights that make it are
    zero: then that number times the weights that read it goes into their bias,
    unless a border of a convolution is in the way. Tensors, weights and biases
    become smaller. Channels that additions, joins, depthwise convolutions and
    the like carry from value to value (`ChannelGroups`) go together, and a value
    keeps at least one. Where more than four stay, a multiple of four does, with
    dead channels among them.

    Example: with the second row of `%w` zero,

    ```mlir
    %0 = edge.matmul(%x, %v) : (tensor<1x4xf32>, tensor<4x2xf32>) -> tensor<1x2xf32>
    %1 = edge.matmul(%0, %w) : (tensor<1x2xf32>, tensor<2x3xf32>) -> tensor<1x3xf32>
    // becomes
    %0 = edge.matmul(%x, %v0) : (tensor<1x4xf32>, tensor<4x1xf32>) -> tensor<1x1xf32>
    %1 = edge.matmul(%0, %w0) : (tensor<1x1xf32>, tensor<1x3xf32>) -> tensor<1x3xf32>
    ```
  }];
  let dependentDialects = ["::edgecc::edge::EdgeDialect"];
  let statistics = [
    Statistic<"numRemoved", "removed", "channels of values">
  ];
}

def FactorWeights : Pass<"edgecc-factor-weights", "::mlir::func::FuncOp"> {
  let summary = "multiply by two small matrices in place of a large one";
  let description = [{
    A convolution without groups, or a product with a known matrix of f32,
    becomes one with few output channels and one that makes all of them of these:
    the channels are the directions in which most of the results on examples lie
    (the singular value decomposition of the weights, weighted by the second
    moments of the inputs). The second one is pointwise. Layers stay as they are
    where that would not be faster, or further off than it may be. Without
    examples nothing is changed.
  }];
  let constructor = "::edgecc::prune::createFactorWeightsPass()";
  let dependentDialects = ["::edgecc::edge::EdgeDialect"];
  let statistics = [
    Statistic<"numFactorised", "factorised", "layers that become two">
  ];
}

#endif // EDGECC_PASSES_PRUNE_PASSES_TD
