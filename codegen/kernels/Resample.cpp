//===- Resample.cpp - kernels of linear and cubic resizing ------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/Arithmetic.h"
#include "codegen/kernels/Families.h"
#include "codegen/kernels/KnownPositions.h"
#include "codegen/kernels/Strided.h"
#include "dialects/Edge/EdgeConstants.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"

using namespace mlir;

namespace edgecc::kernels {

/// A constant table beside the kernels, as a memref of rank one.
static Value table(Emitter &e, StringRef name, DenseElementsAttr values) {
  Operation *kernel = e.getInsertionBlock()->getParentOp();
  auto module = kernel->getParentOfType<ModuleOp>();
  auto type = MemRefType::get(values.getNumElements(), values.getElementType());
  OpBuilder detached(e.getContext());
  auto global = memref::GlobalOp::create(
      detached, e.getLoc(), name, e.getStringAttr("private"), type, values,
      /*constant=*/true, /*alignment=*/IntegerAttr());
  // Inserting gives it a name that nothing else has.
  SymbolTable(module).insert(global, module.getBody()->begin());
  return memref::GetGlobalOp::create(e, type, global.getSymName());
}

/// The scalar or vector of these numbers.
static Value constantVector(Emitter &e, ArrayRef<float> values) {
  if (values.size() == 1)
    return e.floatConstant(values.front(), e.getF32Type());
  auto type = VectorType::get(values.size(), e.getF32Type());
  return e.constant(DenseElementsAttr::get(type, values));
}

static Type typeLike(Value value, Type element) {
  auto vector = dyn_cast<VectorType>(value.getType());
  return vector ? Type(vector.clone(element)) : element;
}

namespace {

class ResampleEmitter {
public:
  ResampleEmitter(edge::ResampleOp op, Emitter &e, const KernelArgs &args,
                  const edge::ConstantView &indices,
                  const edge::ConstantView &weights);
  void emit();

private:
  /// Makes a line of the last dimension in `vectors`, whose elements are
  /// shuffled together.
  void shuffleLine(ArrayRef<int64_t> vectors, Value from, Value to);
  /// Does the same for all of the dimensions behind the axis at once, with
  /// positions and weights from tables.
  void lookUp(Value positions, Value factors, Value from, Value to);
  /// `access` for the dimensions from `first` up to `last`.
  static Access part(const Access &access, size_t first, size_t last,
                     Value start);
  /// `sum`, if there is one, plus `value` times `weight`.
  Value mix(Value sum, Value value, Value weight);
  Value toFloat(Value value);
  Value fromFloat(Value value);

  Emitter &e;
  const edge::ConstantView &indices, &weights;
  RankedTensorType type;
  Type element, wide;
  size_t axis, rank;
  int64_t size, extent, taps;
  Access read, write;
};

} // namespace

ResampleEmitter::ResampleEmitter(edge::ResampleOp op, Emitter &e,
                                 const KernelArgs &args,
                                 const edge::ConstantView &indices,
                                 const edge::ConstantView &weights)
    : e(e), indices(indices), weights(weights), type(op.getType()),
      element(type.getElementType()), axis(op.getAxis()), rank(type.getRank()),
      size(type.getDimSize(axis)),
      extent(cast<ShapedType>(op.getInput().getType()).getDimSize(axis)),
      taps(indices.size() / size), read(accessAll(e, args.inputs[0], element)),
      write(accessAll(e, args.outputs[0], element)) {
  // Weights are f32, so integers are mixed in f32 too.
  wide = isa<FloatType>(element) ? edge::accumulatorType(element)
                                 : Type(e.getF32Type());
}

Access ResampleEmitter::part(const Access &access, size_t first, size_t last,
                             Value start) {
  Access result = access.from(start);
  result.strides.assign(access.strides.begin() + first,
                        access.strides.begin() + last);
  return result;
}

Value ResampleEmitter::mix(Value sum, Value value, Value weight) {
  Value x = toFloat(value);
  Value w = convert(e, weight, wide);
  return sum ? fma(e, x, w, sum) : mulf(e, x, w);
}

Value ResampleEmitter::toFloat(Value value) {
  if (isa<FloatType>(element))
    return convert(e, value, wide);
  if (isUnsignedElement(element))
    return arith::UIToFPOp::create(e, typeLike(value, wide), value);
  return arith::SIToFPOp::create(e, typeLike(value, wide), value);
}

Value ResampleEmitter::fromFloat(Value value) {
  if (isa<FloatType>(element))
    return convert(e, value, element);
  Type target = typeLike(value, edge::signless(element));
  if (isUnsignedElement(element))
    return arith::FPToUIOp::create(e, target, value);
  return arith::FPToSIOp::create(e, target, value);
}

void ResampleEmitter::emit() {
  SmallVector<int64_t> outer(type.getShape().take_front(axis));
  Access readOuter = part(read, 0, axis, read.start);
  Access writeOuter = part(write, 0, axis, write.start);
  collapse(outer, {&readOuter, &writeOuter});
  auto overLines = [&](function_ref<void(Value from, Value to)> body) {
    e.nest(outer, [&](ValueRange i) {
      body(readOuter.at(e, i), writeOuter.at(e, i));
    });
  };

  SmallVector<int64_t> vectors;
  if (axis + 1 == rank && read.strides[axis] == 1 && write.strides[axis] == 1)
    vectors = shuffledVectors(e.cpu, size, extent, wide);
  if (!vectors.empty())
    return overLines(
        [&](Value from, Value to) { shuffleLine(vectors, from, to); });

  // Positions in the input instead of indices.
  SmallVector<int32_t> positions;
  SmallVector<float> factors;
  for (int64_t i : llvm::seq(indices.size())) {
    positions.push_back(indices.integer(i) * read.strides[axis]);
    factors.push_back(weights.real(i));
  }
  int64_t count = positions.size();
  Value positionTable =
      table(e, "resample_positions",
            DenseElementsAttr::get(RankedTensorType::get(count, e.getI32Type()),
                                   ArrayRef<int32_t>(positions)));
  Value factorTable =
      table(e, "resample_weights",
            DenseElementsAttr::get(RankedTensorType::get(count, e.getF32Type()),
                                   ArrayRef<float>(factors)));
  overLines([&](Value from, Value to) {
    lookUp(positionTable, factorTable, from, to);
  });
}

void ResampleEmitter::shuffleLine(ArrayRef<int64_t> vectors, Value from,
                                  Value to) {
  int64_t first = 0;
  for (int64_t length : vectors) {
    auto lanes = llvm::seq(first, first + length);
    Value sum;
    for (int64_t t : llvm::seq(taps)) {
      auto positions = llvm::map_to_vector(lanes, [&](int64_t lane) {
        return indices.integer(lane * taps + t);
      });
      auto factors = llvm::map_to_vector(lanes, [&](int64_t lane) {
        return float(weights.real(lane * taps + t));
      });
      sum = mix(sum, loadPositions(e, read, from, positions, extent),
                constantVector(e, factors));
    }
    e.store(fromFloat(sum), write.buffer, e.add(to, first));
    first += length;
  }
}

void ResampleEmitter::lookUp(Value positions, Value factors, Value from,
                             Value to) {
  e.loop(0, size, 1, [&](Value j) {
    SmallVector<Access> taken;
    SmallVector<Value> factor;
    for (int64_t t : llvm::seq(taps)) {
      Value at = e.add(e.mul(j, taps), t);
      Value position = arith::IndexCastOp::create(
          e, e.getIndexType(), e.load(positions, at, 1, e.getI32Type()));
      taken.push_back(part(read, axis + 1, rank, e.add(from, position)));
      factor.push_back(e.load(factors, at, 1, e.getF32Type()));
    }
    Access target =
        part(write, axis + 1, rank, e.add(to, e.mul(j, write.strides[axis])));
    emitNest(e, type.getShape().drop_front(axis + 1), taken, target,
             [&](ArrayRef<Value> elements, int64_t length) {
               Value sum;
               for (auto [value, weight] : llvm::zip_equal(elements, factor))
                 sum = mix(sum, value, e.splat(weight, length));
               return fromFloat(sum);
             });
  });
}

namespace {

struct ResampleKernel
    : KernelOpInterface::ExternalModel<ResampleKernel, edge::ResampleOp> {
  LogicalResult emitKernel(Operation *op, OpBuilder &builder,
                           const KernelArgs &args, target::CpuAttr cpu) const {
    Emitter e(builder, op->getLoc(), cpu);
    auto resample = cast<edge::ResampleOp>(op);
    if (llvm::is_contained(resample.getType().getShape(), 0))
      return success();
    auto indices = edge::ConstantView::get(resample.getIndices());
    auto weights = edge::ConstantView::get(resample.getWeights());
    if (!indices || !weights)
      return op->emitOpError("expects indices and weights of known values");
    ResampleEmitter(resample, e, args, *indices, *weights).emit();
    return success();
  }
};

} // namespace

void registerResampleKernels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, edge::EdgeDialect *) {
    edge::ResampleOp::attachInterface<ResampleKernel>(*context);
  });
}

} // namespace edgecc::kernels
