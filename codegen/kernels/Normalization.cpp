//===- Normalization.cpp - softmax and layer normalisation ------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/Arithmetic.h"
#include "codegen/kernels/Families.h"
#include "codegen/kernels/Strided.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace edgecc::kernels {

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

static Value exp(Emitter &e, Value x) { return math::ExpOp::create(e, x); }

/// Vectors that one trip of a loop with exponentials handles.
static constexpr NestOptions heavy{2};

namespace {

/// Emits `edge.softmax`.
class Softmax {
public:
  Softmax(edge::SoftmaxOp op, Emitter &e, const KernelArgs &args)
      : op(op), e(e), element(typeOf(op.getInput()).getElementType()),
        wide(edge::accumulatorType(element)) {
    read = accessAll(e, args.inputs[0], element);
    write = accessAll(e, args.outputs[0], element);
    loops.assign(op.getType().getShape().begin(),
                 op.getType().getShape().end());
    size = std::exchange(loops[op.getAxis()], 1);
    readStep = read.strides[op.getAxis()];
    writeStep = write.strides[op.getAxis()];
    collapse(loops, {&read, &write});
  }

  void emit() {
    if (size == 0 || llvm::is_contained(loops, 0))
      return;
    if (loops.empty() || read.strides.back() != 1 || readStep == 1) {
      e.phase([&] {
        e.parallelNest(loops, [&](ValueRange indices) {
          e.sequentially([&] { emitRow(indices); });
        });
      });
      return;
    }
    int64_t last = loops.pop_back_val();
    int64_t length = commonVectorLength(e.cpu, {element});
    while (length > last)
      length /= 2;
    auto emitAt = [&](ValueRange outer) {
      forVectors(e, last, length, [&](Value i, int64_t count) {
        SmallVector<Value> indices(outer);
        indices.push_back(i);
        emitColumns(indices, count, length);
      });
    };
    e.phase([&] { e.parallelNest(loops, emitAt); });
  }

private:
  Value max(Value a, Value b) { return combine(e, Fold::Max, a, b); }

  /// The result for `x`, given the maximum and `sum`: the sum's reciprocal or
  /// its logarithm.
  Value result(Value x, Value maximum, Value sum) {
    Value shifted = subf(e, x, maximum);
    return op.getLog() ? subf(e, shifted, sum) : mulf(e, exp(e, shifted), sum);
  }

  Value finishSum(Value sum) {
    if (op.getLog())
      return math::LogOp::create(e, sum);
    return arith::DivFOp::create(e, e.floatConstant(1.0, sum.getType()), sum);
  }

  /// The axis is contiguous, or nothing is.
  void emitRow(ValueRange indices) {
    Access from{read.buffer, read.at(e, indices), {readStep}, element};
    Access to{write.buffer, write.at(e, indices), {writeStep}, element};
    auto add = [&](Value a, Value b) { return addf(e, a, b); };
    auto widened = [&](ArrayRef<Value> elements, int64_t) {
      return convert(e, elements[0], wide);
    };
    Value maximum =
        emitFold(e, size, from, neutral(e, Fold::Max, wide), widened,
                 [&](Value a, Value b) { return max(a, b); });
    // The exponentials wait in the result, unless it is too narrow for them.
    bool keeps = !op.getLog() && element == wide;
    auto exponential = [&](ArrayRef<Value> elements, int64_t length) {
      return exp(
          e, subf(e, convert(e, elements[0], wide), e.splat(maximum, length)));
    };
    Value sum = finishSum(emitFold(e, size, from, e.zero(wide), exponential,
                                   add, keeps ? &to : nullptr));
    emitNest(
        e, size, keeps ? to : from, to,
        [&](ArrayRef<Value> elements, int64_t length) {
          Value factor = e.splat(sum, length);
          return keeps ? mulf(e, elements[0], factor)
                       : result(convert(e, elements[0], wide),
                                e.splat(maximum, length), factor);
        },
        keeps ? NestOptions() : heavy);
  }

  /// Vectors across neighbouring rows.
  void emitColumns(ValueRange indices, int64_t count, int64_t length) {
    Value from = read.at(e, indices), to = write.at(e, indices);
    auto load = [&](Value i) {
      return convert(e,
                     loadStrided(e, read, e.add(from, e.mul(i, readStep)), 1,
                                 count, length),
                     wide);
    };
    auto store = [&](Value i, Value value) {
      storeStrided(e, value, write, e.add(to, e.mul(i, writeStep)),
                   write.strides.back(), count);
    };
    Value maximum =
        e.loop(1, size, 1, load(e.index(0)),
               [&](Value i, ValueRange carried) -> SmallVector<Value> {
                 return {max(carried[0], load(i))};
               })[0];
    bool keeps = !op.getLog() && element == wide && write.strides.back() == 1;
    Value sum = e.loop(0, size, 1, e.splat(e.zero(wide), length),
                       [&](Value i, ValueRange carried) -> SmallVector<Value> {
                         Value value = exp(e, subf(e, load(i), maximum));
                         if (keeps)
                           store(i, value);
                         return {addf(e, carried[0], value)};
                       })[0];
    sum = finishSum(sum);
    e.loop(0, size, 1, [&](Value i) {
      if (!keeps)
        return store(i, result(load(i), maximum, sum));
      Value value = loadStrided(e, write, e.add(to, e.mul(i, writeStep)), 1,
                                count, length);
      store(i, mulf(e, value, sum));
    });
  }

  edge::SoftmaxOp op;
  Emitter &e;
  Type element, wide;
  Access read, write;
  SmallVector<int64_t> loops;
  int64_t size = 0, readStep = 0, writeStep = 0;
};

struct SoftmaxKernel
    : KernelOpInterface::ExternalModel<SoftmaxKernel, edge::SoftmaxOp> {
  LogicalResult emitKernel(Operation *op, OpBuilder &builder,
                           const KernelArgs &args, target::CpuAttr cpu) const {
    Emitter e(builder, op->getLoc(), cpu);
    Softmax(cast<edge::SoftmaxOp>(op), e, args).emit();
    return success();
  }

  bool canOverwrite(Operation *, unsigned) const { return true; }
};

struct LayerNormKernel
    : KernelOpInterface::ExternalModel<LayerNormKernel, edge::LayerNormOp> {
  LogicalResult emitKernel(Operation *op, OpBuilder &builder,
                           const KernelArgs &args, target::CpuAttr cpu) const {
    Emitter e(builder, op->getLoc(), cpu);
    auto norm = cast<edge::LayerNormOp>(op);
    RankedTensorType type = norm.getType();
    Type element = type.getElementType();
    Type wide = edge::accumulatorType(element);
    ArrayRef<int64_t> shape = type.getShape();
    size_t axis = norm.getAxis();
    if (llvm::is_contained(shape, 0))
      return success();
    Access read = accessAll(e, args.inputs[0], element);
    Access write = accessAll(e, args.outputs[0], element);
    SmallVector<Access> factors;
    for (Value input : ArrayRef<Value>(args.inputs).drop_front())
      factors.push_back(
          accessBroadcast(e, input, element, shape.drop_front(axis)));

    auto rowsOf = [&](Access access) {
      access.strides.truncate(axis);
      return access;
    };
    auto elementsOf = [&](Access access, Value start) {
      access.strides.erase(access.strides.begin(),
                           access.strides.begin() + axis);
      access.start = start;
      return access;
    };
    SmallVector<int64_t> rows(shape.take_front(axis));
    SmallVector<int64_t> inner(shape.drop_front(axis));
    Access readRows = rowsOf(read), writeRows = rowsOf(write);
    collapse(rows, {&readRows, &writeRows});
    int64_t count = 1;
    for (int64_t size : inner)
      count *= size;

    auto emitAt = [&](ValueRange indices) {
      Access from = elementsOf(read, readRows.at(e, indices));
      Access to = elementsOf(write, writeRows.at(e, indices));
      auto add = [&](Value a, Value b) { return addf(e, a, b); };
      Value portion = e.floatConstant(1.0 / count, wide);
      Value mean;
      if (!norm.getRms()) {
        Value sum = emitFold(
            e, inner, from, e.zero(wide),
            [&](ArrayRef<Value> elements, int64_t) {
              return convert(e, elements[0], wide);
            },
            add);
        // A reciprocal would be off once more, and results with it where the
        // mean is large.
        mean = arith::DivFOp::create(e, sum, e.floatConstant(count, wide));
      }
      auto centred = [&](Value x, int64_t length) {
        x = convert(e, x, wide);
        return mean ? subf(e, x, e.splat(mean, length)) : x;
      };
      Value squares = emitFold(
          e, inner, from, e.zero(wide),
          [&](ArrayRef<Value> elements, int64_t length) {
            Value x = centred(elements[0], length);
            return mulf(e, x, x);
          },
          add);
      Value variance =
          addf(e, mulf(e, squares, portion),
               e.floatConstant(norm.getEpsilon().convertToDouble(), wide));
      Value factor =
          arith::DivFOp::create(e, e.floatConstant(1.0, wide),
                                math::SqrtOp::create(e, variance).getResult());
      SmallVector<Access> reads{from};
      llvm::append_range(reads, factors);
      emitNest(
          e, inner, reads, to, [&](ArrayRef<Value> elements, int64_t length) {
            Value x =
                mulf(e, centred(elements[0], length), e.splat(factor, length));
            ArrayRef<Value> rest = elements.drop_front();
            if (norm.getScale()) {
              x = mulf(e, x, convert(e, rest.front(), wide));
              rest = rest.drop_front();
            }
            return norm.getBias() ? addf(e, x, convert(e, rest.front(), wide))
                                  : x;
          });
    };
    e.phase([&] {
      e.parallelNest(rows, [&](ValueRange indices) {
        e.sequentially([&] { emitAt(indices); });
      });
    });
    return success();
  }

  bool canOverwrite(Operation *, unsigned index) const { return index == 0; }
};

} // namespace

void registerNormalizationKernels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, edge::EdgeDialect *) {
    edge::SoftmaxOp::attachInterface<SoftmaxKernel>(*context);
    edge::LayerNormOp::attachInterface<LayerNormKernel>(*context);
  });
}

} // namespace edgecc::kernels
