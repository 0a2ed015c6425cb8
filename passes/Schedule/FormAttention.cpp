//===- FormAttention.cpp - find attention -----------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "dialects/Edge/EdgeScheduleOps.h"
#include "passes/Schedule/Passes.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"

namespace edgecc::schedule {
#define GEN_PASS_DEF_FORMATTENTION
#include "passes/Schedule/Passes.h.inc"
} // namespace edgecc::schedule

using namespace mlir;
using namespace edgecc;
using namespace edgecc::edge;
using namespace edgecc::schedule;

namespace {

RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// A tensor, and which of its dimensions each dimension of what is read of it
/// is; -1 for one of size one that it does not have.
struct View {
  Value tensor;
  SmallVector<int64_t> dims;
};

/// For each dimension of `result` the one of `input` that it is, if `reshape`
/// only adds and removes dimensions of size one; nothing otherwise.
std::optional<SmallVector<int64_t>> unitDims(ReshapeOp reshape) {
  ArrayRef<int64_t> input = typeOf(reshape.getInput()).getShape();
  SmallVector<int64_t> dims;
  int64_t next = 0, rank = input.size();
  auto skipUnits = [&] {
    while (next < rank && input[next] == 1)
      ++next;
  };
  for (int64_t size : reshape.getType().getShape()) {
    dims.push_back(-1);
    if (size == 1)
      continue;
    skipUnits();
    if (next == rank || input[next] != size)
      return std::nullopt;
    dims.back() = next++;
  }
  skipUnits();
  if (next != rank)
    return std::nullopt;
  return dims;
}

/// What `value` is a view of, as a tensor of `rank` dimensions.
View viewOf(Value value, int64_t rank) {
  View view{value, {}};
  int64_t own = typeOf(value).getRank();
  view.dims.assign(rank - own, -1);
  llvm::append_range(view.dims, llvm::seq(own));
  while (true) {
    SmallVector<int64_t> inner;
    if (auto transpose = view.tensor.getDefiningOp<TransposeOp>()) {
      llvm::append_range(inner, transpose.getPermutation());
      view.tensor = transpose.getInput();
    } else if (auto reshape = view.tensor.getDefiningOp<ReshapeOp>()) {
      std::optional<SmallVector<int64_t>> units = unitDims(reshape);
      if (!units)
        return view;
      inner = *units;
      view.tensor = reshape.getInput();
    } else {
      return view;
    }
    for (int64_t &dim : view.dims)
      dim = dim < 0 ? -1 : inner[dim];
  }
}

/// The parts of an attention.
struct Attention {
  MatMulOp scores;
  SoftmaxOp softmax;
  MatMulOp product;
};

bool isF32(Value value) { return typeOf(value).getElementType().isF32(); }

std::optional<Attention> findAttention(SoftmaxOp softmax) {
  int64_t rank = softmax.getType().getRank();
  Attention found{softmax.getInput().getDefiningOp<MatMulOp>(), softmax, {}};
  if (softmax.getLog() || int64_t(softmax.getAxis()) != rank - 1 ||
      !softmax->hasOneUse() || !found.scores || !found.scores->hasOneUse())
    return std::nullopt;
  OpOperand &use = *softmax->getUses().begin();
  found.product = dyn_cast<MatMulOp>(use.getOwner());
  if (!found.product || use.getOperandNumber() != 0 ||
      found.product.getBias() || !found.product.getEpilogue().empty() ||
      found.product.getType().getRank() != rank || found.scores.getBias())
    return std::nullopt;
  SmallVector<Value> tensors = {found.scores.getLhs(), found.scores.getRhs(),
                                found.scores, found.product.getRhs(),
                                found.product};
  for (Value value : tensors)
    if (!isF32(value) || typeOf(value).getRank() > rank ||
        typeOf(value).getRank() < 2)
      return std::nullopt;
  // Outer dimensions of the values do not add any.
  ArrayRef<int64_t> outer = softmax.getType().getShape().drop_back(2);
  if (found.product.getType().getShape().drop_back(2) != outer)
    return std::nullopt;
  return found;
}

AttentionSizes sizesOf(Attention found) {
  ArrayRef<int64_t> scores = found.softmax.getType().getShape();
  AttentionSizes sizes{1, scores.end()[-2], scores.back(),
                       typeOf(found.scores.getLhs()).getShape().back(),
                       found.product.getType().getShape().back()};
  for (int64_t size : scores.drop_back(2))
    sizes.heads *= size;
  return sizes;
}

void form(Attention found) {
  int64_t rank = found.softmax.getType().getRank();
  View query = viewOf(found.scores.getLhs(), rank);
  View key = viewOf(found.scores.getRhs(), rank);
  std::swap(key.dims[rank - 1], key.dims[rank - 2]);
  View value = viewOf(found.product.getRhs(), rank);
  Value result = found.product;
  SmallVector<int64_t> resultDims = llvm::to_vector(llvm::seq(rank));
  if (result.hasOneUse())
    if (auto transpose = dyn_cast<TransposeOp>(*result.getUsers().begin())) {
      for (auto [to, from] : llvm::enumerate(transpose.getPermutation()))
        resultDims[from] = to;
      result = transpose;
    }
  OpBuilder builder(result.getDefiningOp());
  auto attention = AttentionOp::create(
      builder, found.softmax.getLoc(), result.getType(), query.tensor,
      key.tensor, value.tensor, found.scores.getExtras(), query.dims, key.dims,
      value.dims, resultDims);
  attention.getScores().takeBody(found.scores.getEpilogue());
  result.replaceAllUsesWith(attention);
  SmallVector<Operation *> dead;
  if (result.getDefiningOp() != found.product)
    dead.push_back(result.getDefiningOp());
  dead.append({found.product, found.softmax, found.scores});
  SmallVector<Value> factors = {found.scores.getLhs(), found.scores.getRhs(),
                                found.product.getRhs()};
  for (Operation *op : dead)
    op->erase();
  // The transpositions, as far as nobody else reads them.
  for (Value factor : factors)
    while (Operation *op = factor.getDefiningOp()) {
      if (!isa<TransposeOp, ReshapeOp>(op) || !op->use_empty())
        break;
      factor = op->getOperand(0);
      op->erase();
    }
}

struct FormAttention : schedule::impl::FormAttentionBase<FormAttention> {
  FormAttention() = default;
  explicit FormAttention(PrefersAttention prefers)
      : prefers(std::move(prefers)) {}

  void runOnOperation() override {
    target::CpuAttr cpu;
    if (auto module = getOperation()->getParentOfType<ModuleOp>())
      cpu = target::getCpu(module);
    SmallVector<SoftmaxOp> candidates;
    getOperation().walk([&](SoftmaxOp op) { candidates.push_back(op); });
    for (SoftmaxOp softmax : candidates) {
      std::optional<Attention> found = findAttention(softmax);
      if (!found ||
          (!all && !(prefers && cpu && prefers(sizesOf(*found), cpu))))
        continue;
      form(*found);
      ++numFormed;
    }
  }

  PrefersAttention prefers;
};

} // namespace

std::unique_ptr<Pass>
schedule::createFormAttentionPass(PrefersAttention prefers) {
  return std::make_unique<FormAttention>(std::move(prefers));
}
