//===- Resample.cpp - kernels of linear and cubic resizing ------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/Arithmetic.h"
#include "codegen/kernels/Families.h"
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

namespace {

struct ResampleKernel
    : KernelOpInterface::ExternalModel<ResampleKernel, edge::ResampleOp> {
  LogicalResult emitKernel(Operation *op, OpBuilder &builder,
                           const KernelArgs &args, target::CpuAttr cpu) const {
    Emitter e(builder, op->getLoc(), cpu);
    auto resample = cast<edge::ResampleOp>(op);
    RankedTensorType type = resample.getType();
    if (llvm::is_contained(type.getShape(), 0))
      return success();
    Type element = type.getElementType();
    // Weights are f32, so integers are mixed in f32 too.
    Type wide = isa<FloatType>(element) ? edge::accumulatorType(element)
                                        : Type(e.getF32Type());
    auto axis = static_cast<size_t>(resample.getAxis());
    Access read = accessAll(e, args.inputs[0], element);
    Access write = accessAll(e, args.outputs[0], element);

    // The tables: positions in the input instead of indices.
    auto indices = edge::ConstantView::get(resample.getIndices());
    auto weights = edge::ConstantView::get(resample.getWeights());
    if (!indices || !weights)
      return op->emitOpError("expects indices and weights of known values");
    SmallVector<int32_t> positions;
    SmallVector<float> factors;
    for (int64_t i : llvm::seq(indices->size())) {
      positions.push_back(indices->integer(i) * read.strides[axis]);
      factors.push_back(weights->real(i));
    }
    int64_t count = positions.size();
    int64_t size = type.getDimSize(axis), taps = count / size;
    Value positionTable = table(
        e, "resample_positions",
        DenseElementsAttr::get(RankedTensorType::get(count, e.getI32Type()),
                               ArrayRef<int32_t>(positions)));
    Value factorTable = table(
        e, "resample_weights",
        DenseElementsAttr::get(RankedTensorType::get(count, e.getF32Type()),
                               ArrayRef<float>(factors)));

    auto part = [&](const Access &access, size_t first, size_t last,
                    Value start) {
      Access result = access.from(start);
      result.strides.assign(access.strides.begin() + first,
                            access.strides.begin() + last);
      return result;
    };
    size_t rank = type.getRank();
    SmallVector<int64_t> outer(type.getShape().take_front(axis));
    Access readOuter = part(read, 0, axis, read.start);
    Access writeOuter = part(write, 0, axis, write.start);
    collapse(outer, {&readOuter, &writeOuter});
    e.nest(outer, [&](ValueRange i) {
      Value from = readOuter.at(e, i), to = writeOuter.at(e, i);
      e.loop(0, size, 1, [&](Value j) {
        SmallVector<Access> taken;
        SmallVector<Value> factor;
        for (int64_t t : llvm::seq(taps)) {
          Value at = e.add(e.mul(j, taps), t);
          Value position = arith::IndexCastOp::create(
              e, e.getIndexType(),
              e.load(positionTable, at, 1, e.getI32Type()));
          taken.push_back(part(read, axis + 1, rank, e.add(from, position)));
          factor.push_back(
              convert(e, e.load(factorTable, at, 1, e.getF32Type()), wide));
        }
        Access target = part(write, axis + 1, rank,
                             e.add(to, e.mul(j, write.strides[axis])));
        emitNest(e, type.getShape().drop_front(axis + 1), taken, target,
                 [&](ArrayRef<Value> elements, int64_t length) {
                   Value sum;
                   for (auto [value, weight] :
                        llvm::zip_equal(elements, factor)) {
                     Value x = toFloat(e, value, wide, element);
                     Value w = e.splat(weight, length);
                     sum = sum ? fma(e, x, w, sum) : mulf(e, x, w);
                   }
                   return fromFloat(e, sum, element);
                 });
      });
    });
    return success();
  }

private:
  static Type typeLike(Value value, Type element) {
    auto vector = dyn_cast<VectorType>(value.getType());
    return vector ? Type(vector.clone(element)) : element;
  }

  static Value toFloat(Emitter &e, Value value, Type wide, Type element) {
    if (isa<FloatType>(element))
      return convert(e, value, wide);
    if (isUnsignedElement(element))
      return arith::UIToFPOp::create(e, typeLike(value, wide), value);
    return arith::SIToFPOp::create(e, typeLike(value, wide), value);
  }

  static Value fromFloat(Emitter &e, Value value, Type element) {
    if (isa<FloatType>(element))
      return convert(e, value, element);
    Type target = typeLike(value, edge::signless(element));
    if (isUnsignedElement(element))
      return arith::FPToUIOp::create(e, target, value);
    return arith::FPToSIOp::create(e, target, value);
  }
};

} // namespace

void registerResampleKernels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, edge::EdgeDialect *) {
    edge::ResampleOp::attachInterface<ResampleKernel>(*context);
  });
}

} // namespace edgecc::kernels
