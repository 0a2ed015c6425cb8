//===- Recurrent.cpp - kernels of recurrent cells ---------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Each step is the product of the state and the weights, over all gates at
// once, into a scratch buffer, and then elementwise code over the units. The
// result for the last state holds the running one.
//
//===----------------------------------------------------------------------===//

#include "codegen/kernels/Arithmetic.h"
#include "codegen/kernels/Families.h"
#include "codegen/kernels/Strided.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"

using namespace mlir;

namespace edgecc::kernels {

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

static Value tanh(Emitter &e, Value x) { return math::TanhOp::create(e, x); }

static Value sigmoid(Emitter &e, Value x) {
  Value one = e.floatConstant(1.0, x.getType());
  Value power = math::ExpOp::create(e, arith::NegFOp::create(e, x).getResult());
  return arith::DivFOp::create(e, one, addf(e, one, power));
}

namespace {

/// What the cells have in common.
class Cell {
public:
  /// `op` has the operands projected, weights, h; the results states, last_h.
  Cell(Operation *op, Emitter &e, const KernelArgs &args, int64_t gates,
       bool reverse)
      : e(e), gates(gates) {
    RankedTensorType type = typeOf(op->getResult(0));
    element = type.getElementType();
    wide = edge::accumulatorType(element);
    time = type.getDimSize(0);
    batch = type.getDimSize(1);
    units = type.getDimSize(2);
    projected = accessAll(e, args.inputs[0], element);
    weights = accessAll(e, args.inputs[1], element);
    initial = accessAll(e, args.inputs[2], element);
    states = accessAll(e, args.outputs[0], element);
    last = accessAll(e, args.outputs[1], element);
    scratch = accessAll(e, args.scratch[0], wide);
    if (reverse)
      for (Access *access : {&projected, &states}) {
        access->start = e.index((time - 1) * access->strides[0]);
        access->strides[0] = -access->strides[0];
      }
  }

  /// Runs `step(t, n)`, which computes the next state of row `n` from `last`
  /// into `states`, over time.
  void run(llvm::function_ref<void(Value, Value)> step) {
    emitCopy(e, {batch, units}, initial, last);
    e.loop(0, time, 1, [&](Value t) {
      e.loop(0, batch, 1, [&](Value n) { step(t, n); });
      Access now = states.from(states.at(e, {t, e.index(0), e.index(0)}));
      now.strides.erase(now.strides.begin());
      emitCopy(e, {batch, units}, now, last);
    });
  }

  /// Row `index` (t, n or n) of `access` as a line of elements.
  Access line(const Access &access, ValueRange index, int64_t first = 0) {
    SmallVector<Value> indices(index);
    indices.push_back(e.index(first));
    Access result = access.from(access.at(e, indices));
    result.strides = {access.strides.back()};
    return result;
  }

  /// Gate `index` in the scratch buffer.
  Access gate(int64_t index) { return line(scratch, {}, index * units); }

  /// scratch[i] = sum of addends[.][i] + sum over k of x[k] * weights[k, i],
  /// for `count` columns from `first` on.
  void product(const Access &x, int64_t first, int64_t count,
               ArrayRef<Access> addends) {
    int64_t length = commonVectorLength(e.cpu, {wide, element});
    while (length > count)
      length /= 2;
    int64_t most = e.cpu.getVectorRegs() >= 16 ? 8 : 4;
    int64_t vectors = std::min<int64_t>(count / length, most);
    int64_t step = vectors * length, whole = count / step * step;
    e.loop(0, whole, step,
           [&](Value i) { block(x, addends, e.add(i, first), step, length); });
    if (whole != count)
      block(x, addends, e.index(first + whole), count - whole, length);
  }

  /// Elements converted to the type in which cells compute.
  SmallVector<Value> widen(ArrayRef<Value> elements) {
    SmallVector<Value> result;
    for (Value value : elements)
      result.push_back(convert(e, value, wide));
    return result;
  }

  /// `write` = `body` of one element of each read, for all units.
  void forUnits(ArrayRef<Access> reads, const Access &write,
                llvm::function_ref<Value(ArrayRef<Value>)> body) {
    emitNest(e, units, reads, write,
             [&](ArrayRef<Value> elements, int64_t) {
               return body(widen(elements));
             },
             {1});
  }

  Emitter &e;
  int64_t gates, time, batch, units;
  Type element, wide;
  Access projected, weights, initial, states, last, scratch;

private:
  void block(const Access &x, ArrayRef<Access> addends, Value first,
             int64_t count, int64_t length) {
    SmallVector<int64_t> counts(count / length, length);
    if (count % length)
      counts.push_back(count % length);
    SmallVector<Value> sums;
    for (auto [v, own] : llvm::enumerate(counts)) {
      Value sum;
      for (const Access &addend : addends) {
        Value at = e.add(addend.start, e.add(first, int64_t(v) * length));
        Value value =
            convert(e, loadStrided(e, addend, at, 1, own, length), wide);
        sum = sum ? addf(e, sum, value) : value;
      }
      sums.push_back(sum ? sum : e.splat(e.zero(wide), length));
    }
    sums = e.loop(0, units, 1, sums, [&](Value k, ValueRange carried) {
      Value factor =
          convert(e, e.load(x.buffer, e.add(x.start, k), 1, x.element), wide);
      factor = e.splat(factor, length);
      Value row = e.add(first, e.mul(k, weights.strides[0]));
      SmallVector<Value> next;
      for (auto [v, own] : llvm::enumerate(counts)) {
        Value weight = loadStrided(e, weights, e.add(row, int64_t(v) * length),
                                   1, own, length);
        next.push_back(fma(e, factor, convert(e, weight, wide), carried[v]));
      }
      return next;
    });
    for (auto [v, own] : llvm::enumerate(counts))
      storeStrided(e, sums[v], scratch,
                   e.add(scratch.start, e.add(first, int64_t(v) * length)), 1,
                   own);
  }
};

SmallVector<MemRefType> scratchOf(Operation *op, int64_t lines) {
  RankedTensorType states = typeOf(op->getResult(0));
  return {MemRefType::get(lines * states.getDimSize(2),
                          edge::accumulatorType(states.getElementType()))};
}

struct LstmKernel : KernelOpInterface::ExternalModel<LstmKernel, edge::LstmOp> {
  LogicalResult emitKernel(Operation *op, OpBuilder &builder,
                           const KernelArgs &args, target::CpuAttr cpu) const {
    Emitter e(builder, op->getLoc(), cpu);
    auto lstm = cast<edge::LstmOp>(op);
    Cell cell(op, e, args, 4, lstm.getReverse());
    Access memory = accessAll(e, args.outputs[2], cell.element);
    emitCopy(e, {cell.batch, cell.units},
             accessAll(e, args.inputs[3], cell.element), memory);
    Access peepholes;
    if (lstm.getPeepholes())
      peepholes = accessAll(e, args.inputs[4], cell.element);
    auto add = [&](Value a, Value b) { return addf(e, a, b); };
    auto mul = [&](Value a, Value b) { return mulf(e, a, b); };

    cell.run([&](Value t, Value n) {
      cell.product(cell.line(cell.last, n), 0, 4 * cell.units,
                   cell.line(cell.projected, {t, n}));
      Access c = cell.line(memory, n);
      SmallVector<Access> reads{cell.gate(0), cell.gate(2), cell.gate(3), c};
      SmallVector<Access> outputReads{cell.gate(1), c};
      if (lstm.getPeepholes()) {
        reads.push_back(cell.line(peepholes, {}, 0));
        reads.push_back(cell.line(peepholes, {}, 2 * cell.units));
        outputReads.push_back(cell.line(peepholes, {}, cell.units));
      }
      cell.forUnits(reads, c, [&](ArrayRef<Value> x) {
        Value input = x[0], forget = x[1];
        if (lstm.getPeepholes()) {
          input = add(input, mul(x[4], x[3]));
          forget = add(forget, mul(x[5], x[3]));
        }
        return add(mul(sigmoid(e, forget), x[3]),
                   mul(sigmoid(e, input), tanh(e, x[2])));
      });
      cell.forUnits(outputReads, cell.line(cell.states, {t, n}),
                    [&](ArrayRef<Value> x) {
                      Value output = x[0];
                      if (lstm.getPeepholes())
                        output = add(output, mul(x[2], x[1]));
                      return mul(sigmoid(e, output), tanh(e, x[1]));
                    });
    });
    return success();
  }

  SmallVector<MemRefType> getScratch(Operation *op, target::CpuAttr) const {
    return scratchOf(op, 4);
  }
};

struct GruKernel : KernelOpInterface::ExternalModel<GruKernel, edge::GruOp> {
  LogicalResult emitKernel(Operation *op, OpBuilder &builder,
                           const KernelArgs &args, target::CpuAttr cpu) const {
    Emitter e(builder, op->getLoc(), cpu);
    auto gru = cast<edge::GruOp>(op);
    Cell cell(op, e, args, 3, gru.getReverse());
    int64_t units = cell.units;
    SmallVector<Access> bias;
    if (gru.getRecurrentBias())
      bias.push_back(accessAll(e, args.inputs[3], cell.element));
    auto add = [&](Value a, Value b) { return addf(e, a, b); };
    auto mul = [&](Value a, Value b) { return mulf(e, a, b); };
    // z * h + (1 - z) * candidate.
    auto mix = [&](Value update, Value h, Value candidate) {
      return add(candidate, mul(update, subf(e, h, candidate)));
    };

    cell.run([&](Value t, Value n) {
      Access h = cell.line(cell.last, n);
      Access next = cell.line(cell.states, {t, n});
      auto input = [&](int64_t gate) {
        return cell.line(cell.projected, {t, n}, gate * units);
      };
      if (gru.getLinearBeforeReset()) {
        cell.product(h, 0, 3 * units, bias);
        cell.forUnits({cell.gate(0), cell.gate(1), cell.gate(2), input(0),
                       input(1), input(2), h},
                      next, [&](ArrayRef<Value> x) {
                        Value update = sigmoid(e, add(x[0], x[3]));
                        Value reset = sigmoid(e, add(x[1], x[4]));
                        Value candidate = tanh(e, add(x[5], mul(reset, x[2])));
                        return mix(update, x[6], candidate);
                      });
        return;
      }
      SmallVector<Access> addends{input(0)};
      llvm::append_range(addends, bias);
      cell.product(h, 0, 2 * units, addends);
      Access damped = cell.gate(3);
      cell.forUnits({cell.gate(1), h}, damped, [&](ArrayRef<Value> x) {
        return mul(sigmoid(e, x[0]), x[1]);
      });
      cell.product(damped, 2 * units, units, addends);
      cell.forUnits({cell.gate(0), cell.gate(2), h}, next,
                    [&](ArrayRef<Value> x) {
                      return mix(sigmoid(e, x[0]), x[2], tanh(e, x[1]));
                    });
    });
    return success();
  }

  SmallVector<MemRefType> getScratch(Operation *op, target::CpuAttr) const {
    return scratchOf(op, cast<edge::GruOp>(op).getLinearBeforeReset() ? 3 : 4);
  }
};

struct RnnKernel : KernelOpInterface::ExternalModel<RnnKernel, edge::RnnOp> {
  LogicalResult emitKernel(Operation *op, OpBuilder &builder,
                           const KernelArgs &args, target::CpuAttr cpu) const {
    Emitter e(builder, op->getLoc(), cpu);
    auto rnn = cast<edge::RnnOp>(op);
    Cell cell(op, e, args, 1, rnn.getReverse());
    cell.run([&](Value t, Value n) {
      cell.product(cell.line(cell.last, n), 0, cell.units,
                   cell.line(cell.projected, {t, n}));
      cell.forUnits(cell.gate(0), cell.line(cell.states, {t, n}),
                    [&](ArrayRef<Value> x) -> Value {
                      switch (rnn.getActivation()) {
                      case edge::RnnActivation::Tanh:
                        return tanh(e, x[0]);
                      case edge::RnnActivation::Relu:
                        return combine(e, Fold::Max, x[0],
                                       e.zero(x[0].getType()));
                      case edge::RnnActivation::Sigmoid:
                        return sigmoid(e, x[0]);
                      }
                      llvm_unreachable("unknown activation");
                    });
    });
    return success();
  }

  SmallVector<MemRefType> getScratch(Operation *op, target::CpuAttr) const {
    return scratchOf(op, 1);
  }
};

} // namespace

void registerRecurrentKernels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, edge::EdgeDialect *) {
    edge::LstmOp::attachInterface<LstmKernel>(*context);
    edge::GruOp::attachInterface<GruKernel>(*context);
    edge::RnnOp::attachInterface<RnnKernel>(*context);
  });
}

} // namespace edgecc::kernels
