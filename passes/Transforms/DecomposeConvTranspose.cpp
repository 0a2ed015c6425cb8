//===- DecomposeConvTranspose.cpp - phases as channels ----------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Output position y of a transposed convolution with stride s receives, from
// tap t of the kernel, the input at (y - t) / s where that is an integer. With
// y = s * q + p the taps that count are t = s * j + p, and the input positions
// are q - j: for each phase p a convolution of stride one with the reversed
// taps p, p + s, p + 2s, ... All phases share the positions, so they are the
// output channels of one convolution.
//
//===----------------------------------------------------------------------===//

#include "passes/Transforms/Passes.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/Support/MathExtras.h"

#include <numeric>

namespace edgecc::transforms {
#define GEN_PASS_DEF_DECOMPOSECONVTRANSPOSE
#include "passes/Transforms/Passes.h.inc"
} // namespace edgecc::transforms

using namespace mlir;
using namespace edgecc;

namespace {

class Decomposition {
public:
  explicit Decomposition(edge::ConvTransposeOp op)
      : op(op), b(op.getLoc(), op), spatial(op.getStrides().size()),
        strides(op.getStrides()), groups(op.getGroups()) {
    auto weights = cast<RankedTensorType>(op.getWeights().getType());
    channelsIn = weights.getDimSize(spatial) / groups;
    channelsOut = weights.getDimSize(spatial + 1);
  }

  Value build() {
    if (hasDepthwisePhases())
      return buildDepthwise();
    Value weights = phaseWeights();
    // Every q from 0 to the last one that any output needs reads q - j.
    SmallVector<int64_t> low, high, none(spatial, 1);
    auto input = cast<RankedTensorType>(op.getInput().getType());
    for (int64_t i = 0; i < spatial; ++i) {
      int64_t last = op.getPadsLow()[i] + op.getType().getDimSize(i + 1) - 1;
      int64_t positions = last / strides[i] + 1;
      low.push_back(taps[i] - 1);
      high.push_back(positions - input.getDimSize(i + 1));
    }
    Value source = crop(op.getInput(), low, high);
    Value phases =
        edge::ConvOp::create(b, source, weights, Value(), ValueRange(), none,
                             nullptr, low, high, groups);
    Value result = interleave(phases);
    if (op.getBias())
      result = edge::AddOp::create(b, result, op.getBias());
    return applyEpilogue(result);
  }

private:
  static RankedTensorType typeOf(Value value) {
    return cast<RankedTensorType>(value.getType());
  }
  Value reshape(Value value, ArrayRef<int64_t> shape) {
    auto type = RankedTensorType::get(shape, typeOf(value).getElementType());
    return b.createOrFold<edge::ReshapeOp>(type, value);
  }

  /// Whether each phase is a depthwise convolution of reals that reads some
  /// input, and there are few of them.
  bool hasDepthwisePhases() {
    constexpr int64_t mostPhases = 16;
    auto input = typeOf(op.getInput());
    if (groups == 1 || channelsIn != 1 || channelsOut != 1 ||
        phaseCount() > mostPhases || !isa<FloatType>(input.getElementType()))
      return false;
    for (int64_t i = 0; i < spatial; ++i) {
      int64_t size = typeOf(op.getWeights()).getDimSize(i) - 1;
      int64_t before = size * op.getDilation(i) / strides[i];
      int64_t last = (op.getPadsLow()[i] + strides[i] - 1) / strides[i];
      if (last - before >= input.getDimSize(i + 1))
        return false;
    }
    return true;
  }

  /// Every phase by a depthwise convolution of its own, whose results lie side
  /// by side.
  Value buildDepthwise() {
    Value weights = wholePhases();
    SmallVector<int64_t> phase, joined{op.getType().getDimSize(0)};
    Value result = joinPhases(weights, phase);
    for (int64_t i = 0; i < spatial; ++i)
      joined.push_back(positionsOf(i) * strides[i]);
    joined.push_back(groups);
    SmallVector<int64_t> zeros(joined.size(), 0), ones(joined.size(), 1);
    result = b.createOrFold<edge::SliceOp>(reshape(result, joined), zeros,
                                           op.getType().getShape(), ones);
    return applyEpilogue(result);
  }

  /// Outputs of a phase along a dimension.
  int64_t positionsOf(int64_t dim) const {
    edge::ConvTransposeOp conv = op;
    return llvm::divideCeil(conv.getType().getDimSize(dim + 1), strides[dim]);
  }

  /// The outputs that are `phase` behind a multiple of the strides in the first
  /// dimensions: (N, q0, phases1 * q1, ..., phases * C) from dimension
  /// `phase.size()` on.
  Value joinPhases(Value weights, SmallVectorImpl<int64_t> &phase) {
    int64_t dim = phase.size();
    if (dim == spatial)
      return convolvePhase(weights, phase);
    SmallVector<Value> parts;
    for (int64_t i = 0; i < strides[dim]; ++i) {
      phase.push_back(i);
      parts.push_back(joinPhases(weights, phase));
      phase.pop_back();
    }
    return b.createOrFold<edge::ConcatOp>(parts, dim + 2);
  }

  Value convolvePhase(Value weights, ArrayRef<int64_t> phase) {
    auto input = cast<RankedTensorType>(op.getInput().getType());
    SmallVector<int64_t> offsets(spatial + 2, 0), steps(spatial + 2, 1),
        shape(taps), low, high, none(spatial, 1);
    shape.append({groups, 1});
    for (int64_t i = 0; i < spatial; ++i) {
      // Output `phase` meets the weights at `at` first.
      int64_t at = phase[i] + op.getPadsLow()[i];
      offsets[i] = at % strides[i] + (taps[i] - 1) * strides[i];
      steps[i] = -strides[i];
      low.push_back(taps[i] - 1 - at / strides[i]);
      high.push_back(positionsOf(i) + taps[i] - 1 - low[i] -
                     input.getDimSize(i + 1));
    }
    weights = b.createOrFold<edge::SliceOp>(weights, offsets, shape, steps);
    std::swap(shape[spatial], shape[spatial + 1]);
    Value source = crop(op.getInput(), low, high);
    return edge::ConvOp::create(b, source, reshape(weights, shape),
                                op.getBias(), ValueRange(), none, nullptr, low,
                                high, groups);
  }

  /// Inputs that reach no output are cut off; `low` or `high` is then zero
  /// there.
  Value crop(Value value, MutableArrayRef<int64_t> low,
             MutableArrayRef<int64_t> high) {
    SmallVector<int64_t> sizes(typeOf(value).getShape());
    SmallVector<int64_t> offsets(sizes.size(), 0), ones(sizes.size(), 1);
    for (int64_t i = 0; i < spatial; ++i) {
      offsets[i + 1] = std::max<int64_t>(0, -low[i]);
      sizes[i + 1] -= offsets[i + 1] + std::max<int64_t>(0, -high[i]);
      low[i] = std::max<int64_t>(0, low[i]);
      high[i] = std::max<int64_t>(0, high[i]);
    }
    return b.createOrFold<edge::SliceOp>(value, offsets, sizes, ones);
  }

  /// The weights with as many taps for each phase: kernels that are no multiple
  /// of the stride get zeros at the end.
  Value wholePhases() {
    Value weights = dilate(op.getWeights());
    SmallVector<int64_t> zeros(spatial + 2, 0), high(spatial + 2, 0);
    for (int64_t i = 0; i < spatial; ++i) {
      int64_t size = typeOf(weights).getDimSize(i);
      taps.push_back(llvm::divideCeil(size, strides[i]));
      high[i] = taps[i] * strides[i] - size;
    }
    return b.createOrFold<edge::PadOp>(weights, edge::PadMode::Constant, zeros,
                                       high, APFloat(0.0));
  }

  /// (k..., G * Cin, Cout) to (taps..., Cin, G * phases... * Cout), reversed.
  Value phaseWeights() {
    Value weights = wholePhases();
    int64_t rank = spatial + 2;
    SmallVector<int64_t> shape;
    for (int64_t i = 0; i < spatial; ++i)
      llvm::append_values(shape, taps[i], strides[i]);
    // (taps0, phase0, taps1, phase1, ..., G, Cin, Cout)
    llvm::append_values(shape, groups, channelsIn, channelsOut);
    weights = reshape(weights, shape);
    SmallVector<int64_t> permutation;
    for (int64_t i = 0; i < spatial; ++i)
      permutation.push_back(2 * i);
    permutation.push_back(2 * spatial + 1);
    permutation.push_back(2 * spatial);
    for (int64_t i = 0; i < spatial; ++i)
      permutation.push_back(2 * i + 1);
    permutation.push_back(2 * spatial + 2);
    weights = b.createOrFold<edge::TransposeOp>(weights, permutation);
    shape.assign(taps.begin(), taps.end());
    shape.push_back(channelsIn);
    shape.push_back(groups * phaseCount() * channelsOut);
    weights = reshape(weights, shape);
    SmallVector<int64_t> offsets(rank, 0), steps(rank, 1);
    for (int64_t i = 0; i < spatial; ++i) {
      offsets[i] = taps[i] - 1;
      steps[i] = -1;
    }
    return b.createOrFold<edge::SliceOp>(weights, offsets, shape, steps);
  }

  /// Puts `dilation - 1` zeros between the taps.
  Value dilate(Value weights) {
    for (int64_t i = 0; i < spatial; ++i) {
      int64_t dilation = op.getDilation(i);
      if (dilation == 1)
        continue;
      SmallVector<int64_t> shape(typeOf(weights).getShape());
      int64_t size = shape[i];
      shape.insert(shape.begin() + i + 1, 1);
      weights = reshape(weights, shape);
      SmallVector<int64_t> zeros(shape.size(), 0), high(shape.size(), 0);
      high[i + 1] = dilation - 1;
      weights = b.createOrFold<edge::PadOp>(weights, edge::PadMode::Constant,
                                            zeros, high, APFloat(0.0));
      shape.erase(shape.begin() + i + 1);
      shape[i] = size * dilation;
      weights = reshape(weights, shape);
      SmallVector<int64_t> none(shape.size(), 0), ones(shape.size(), 1);
      shape[i] = dilation * (size - 1) + 1;
      weights = b.createOrFold<edge::SliceOp>(weights, none, shape, ones);
    }
    return weights;
  }

  int64_t phaseCount() const {
    return std::accumulate(strides.begin(), strides.end(), int64_t(1),
                           std::multiplies<>());
  }

  /// (N, q..., G * phases... * Cout) to (N, spatial..., G * Cout), cropped.
  Value interleave(Value phases) {
    ArrayRef<int64_t> shape = typeOf(phases).getShape();
    SmallVector<int64_t> split(shape.drop_back());
    split.push_back(groups);
    llvm::append_range(split, strides);
    split.push_back(channelsOut);
    SmallVector<int64_t> permutation{0};
    SmallVector<int64_t> joined{shape[0]};
    for (int64_t i = 0; i < spatial; ++i) {
      permutation.push_back(1 + i);
      permutation.push_back(spatial + 2 + i);
      joined.push_back(shape[1 + i] * strides[i]);
    }
    permutation.push_back(spatial + 1);
    permutation.push_back(2 * spatial + 2);
    joined.push_back(groups * channelsOut);
    Value result = reshape(phases, split);
    result = b.createOrFold<edge::TransposeOp>(result, permutation);
    result = reshape(result, joined);
    SmallVector<int64_t> offsets(joined.size(), 0), ones(joined.size(), 1);
    for (int64_t i = 0; i < spatial; ++i)
      offsets[i + 1] = op.getPadsLow()[i];
    return b.createOrFold<edge::SliceOp>(result, offsets,
                                         op.getType().getShape(), ones);
  }

  Value applyEpilogue(Value result) {
    if (op.getEpilogue().empty())
      return result;
    SmallVector<Value> inputs{result};
    llvm::append_range(inputs, op.getExtras());
    auto map = edge::MapOp::create(b, op.getType(), inputs);
    map.getBody().takeBody(op.getEpilogue());
    return map;
  }

  edge::ConvTransposeOp op;
  ImplicitLocOpBuilder b;
  int64_t spatial;
  SmallVector<int64_t> strides;
  int64_t groups, channelsIn, channelsOut;
  SmallVector<int64_t> taps;
};

struct DecomposeConvTranspose
    : transforms::impl::DecomposeConvTransposeBase<DecomposeConvTranspose> {
  void runOnOperation() override {
    getOperation().walk([](edge::ConvTransposeOp op) {
      Value result = Decomposition(op).build();
      op.replaceAllUsesWith(result);
      op.erase();
    });
  }
};

} // namespace
