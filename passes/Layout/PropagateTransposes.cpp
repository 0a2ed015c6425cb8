//===- PropagateTransposes.cpp - as few transposes as can be ----*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Layout/LayoutAssignment.h"
#include "passes/Layout/Passes.h"

#include "dialects/Edge/EdgeConstants.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;
using namespace edgecc::edge;

namespace edgecc::layout {
#define GEN_PASS_DEF_PROPAGATETRANSPOSES
#include "passes/Layout/Passes.h.inc"
} // namespace edgecc::layout

using namespace edgecc::layout;

namespace {

RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// `value` in the shape `shape`; itself if it has it.
Value reshape(OpBuilder &builder, Location loc, Value value,
              ArrayRef<int64_t> shape) {
  RankedTensorType type = typeOf(value);
  if (type.getShape() == shape)
    return value;
  return builder.createOrFold<ReshapeOp>(loc, type.clone(shape), value);
}

/// `value` permuted; a reshape where only dimensions of size one move.
Value permuted(OpBuilder &builder, Location loc, Value value,
               LayoutRef permutation) {
  if (isIdentity(permutation))
    return value;
  RankedTensorType type = typeOf(value);
  if (sameOrder(type.getShape(), identityLayout(type.getRank()), permutation))
    return reshape(builder, loc, value, permute(type.getShape(), permutation));
  return builder.createOrFold<TransposeOp>(loc, value, permutation);
}

/// Writes a block in the layouts of an assignment.
class BlockRewriter {
public:
  BlockRewriter(Block &block, const LayoutAssignment &assignment)
      : block(block), assignment(assignment), builder(block.getParentOp()) {}

  void run() {
    SmallVector<Operation *> old;
    for (Operation &op : llvm::make_early_inc_range(block)) {
      if (op.getNumResults() == 0 || assignment.isConstant(op.getResult(0))) {
        useIdentity(&op);
        continue;
      }
      if (assignment.absorbsLayout(&op)) {
        absorb(cast<ReshapeOp>(op));
        continue;
      }
      Layout layout = assignment.layoutOf(op.getResult(0));
      if (isIdentity(layout) && !isa<TransposeOp>(op)) {
        useIdentity(&op);
        continue;
      }
      SmallVector<Value> operands;
      for (auto [i, operand] : llvm::enumerate(op.getOperands()))
        operands.push_back(
            inLayout(operand, *operandLayout(&op, i, layout), &op));
      builder.setInsertionPoint(&op);
      SmallVector<Value> results = rebuild(builder, &op, layout, operands);
      for (auto [from, to] : llvm::zip_equal(op.getResults(), results))
        moved[from] = to;
      old.push_back(&op);
    }
    for (Operation *op : llvm::reverse(old))
      op->erase();
  }

private:
  /// Gives `op`, which works in the identity layout, operands in it; nested
  /// regions too.
  void useIdentity(Operation *op) {
    op->walk([&](Operation *inner) {
      for (OpOperand &use : inner->getOpOperands())
        if (moved.contains(use.get()))
          use.set(inLayout(use.get(),
                           identityLayout(typeOf(use.get()).getRank()), inner));
    });
  }

  /// The form that takes the place of `value`, and its layout.
  std::pair<Value, Layout> present(Value value) {
    if (Value instead = moved.lookup(value))
      return {instead, assignment.layoutOf(value)};
    return {value, identityLayout(typeOf(value).getRank())};
  }

  /// `value`, with leading dimensions of size one where `layout` has more
  /// dimensions, in `layout`; for `user`.
  Value inLayout(Value value, const Layout &layout, Operation *user) {
    auto [form, has] = present(value);
    if (form == value && !bearsLayout(typeOf(value).getElementType()))
      return value;
    int64_t missing = layout.size() - has.size();
    if (missing == 0 && has == layout)
      return form;
    for (const auto &[known, result] : forms[value])
      if (known == layout)
        return result;
    OpBuilder::InsertionGuard guard(builder);
    Operation *producer = form.getDefiningOp();
    if (producer && producer->getBlock() == &block)
      builder.setInsertionPointAfter(producer);
    else
      builder.setInsertionPointToStart(&block);
    Location loc = form.getLoc();
    SmallVector<int64_t> lifted(missing, 1);
    llvm::append_range(lifted, typeOf(form).getShape());
    Layout permutation = conversion(lift(has, missing), layout);
    Value result;
    if (sameOrder(lifted, identityLayout(lifted.size()), permutation)) {
      // Leading dimensions of size one need not be written down.
      SmallVector<int64_t> shape = permute(lifted, permutation);
      size_t units = 0;
      while (units < size_t(missing) && shape[units] == 1)
        ++units;
      result = reshape(builder, loc, form,
                       ArrayRef<int64_t>(shape).drop_front(units));
    } else {
      result = permuted(builder, loc, reshape(builder, loc, form, lifted),
                        permutation);
      std::string reason = assignment.explainMove(value, user);
      if (auto transpose = result.getDefiningOp<TransposeOp>();
          transpose && !reason.empty())
        transpose->setAttr(reasonAttrName, builder.getStringAttr(reason));
    }
    forms[value].emplace_back(layout, result);
    return result;
  }

  /// Flattens whatever layout comes and orders the rows of the weights so.
  void absorb(ReshapeOp op) {
    auto [form, layout] = present(op.getInput());
    int64_t kept =
        *flattenedFrom(op, [&](Value v) { return assignment.isConstant(v); });
    ArrayRef<int64_t> shape = typeOf(op.getInput()).getShape();
    Layout order;
    for (int64_t dim : layout)
      if (dim >= kept)
        order.push_back(dim - kept);
    Layout rest = lift(order, kept);
    if (!sameOrder(shape, layout, rest)) {
      useIdentity(op);
      return;
    }
    op.getInputMutable().assign(form);
    SmallVector<int64_t> rows(shape.drop_front(kept));
    if (sameOrder(rows, identityLayout(rows.size()), order))
      return;
    for (OpOperand &use : op->getUses()) {
      auto product = cast<MatMulOp>(use.getOwner());
      builder.setInsertionPoint(product);
      Value weights = product.getRhs();
      RankedTensorType type = typeOf(weights);
      SmallVector<int64_t> split(rows);
      split.push_back(type.getDimSize(1));
      Layout permutation = order;
      permutation.push_back(rows.size());
      Location loc = weights.getLoc();
      // Integers move; the scales of columns stay where they are.
      auto cast = [&](Type element) {
        if (typeOf(weights).getElementType() != element)
          weights = builder.createOrFold<StorageCastOp>(
              loc, type.clone(element), weights);
      };
      auto quantized = dyn_cast<quant::QuantizedType>(type.getElementType());
      cast(quantized ? storageType(quantized) : type.getElementType());
      weights = permuted(builder, loc, reshape(builder, loc, weights, split),
                         permutation);
      weights = reshape(builder, loc, weights, type.getShape());
      cast(type.getElementType());
      product.getRhsMutable().assign(weights);
    }
  }

  Block &block;
  const LayoutAssignment &assignment;
  OpBuilder builder;
  /// What was rewritten, by the value that it replaces.
  llvm::DenseMap<Value, Value> moved;
  llvm::DenseMap<Value, SmallVector<std::pair<Layout, Value>, 1>> forms;
};

struct PropagateTransposes
    : edgecc::layout::impl::PropagateTransposesBase<PropagateTransposes> {
  void runOnOperation() override {
    func::FuncOp func = getOperation();
    // Inner blocks first: what they take from outside is in no other layout.
    SmallVector<Block *> blocks;
    func.walk([&](Block *block) {
      Operation *parent = block->getParentOp();
      if (isa<func::FuncOp, IfOp>(parent))
        blocks.push_back(block);
    });
    for (Operation &op : func.getOps())
      if (!isa_and_nonnull<EdgeDialect>(op.getDialect()) &&
          !op.hasTrait<OpTrait::IsTerminator>()) {
        op.emitError("expects operations of the edge dialect only");
        return signalPassFailure();
      }
    func.walk([&](TransposeOp) { ++numBefore; });
    for (Block *block : blocks) {
      LayoutAssignment assignment(*block);
      assignment.solve();
      BlockRewriter(*block, assignment).run();
    }
    if (failed(applyPatternsGreedily(func, {})))
      return signalPassFailure();
    func.walk([&](TransposeOp op) {
      ++numAfter;
      numMoved += op.getType().getNumElements() *
                  elementBytes(op.getType().getElementType());
    });
  }
};

} // namespace
