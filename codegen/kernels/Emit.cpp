//===- Emit.cpp - the vocabulary of the kernel emitters ---------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/Emit.h"
#include "codegen/kernels/Epilogue.h"
#include "codegen/kernels/Requantize.h"
#include "dialects/Edge/EdgeConstants.h"
#include "dialects/Target/Threads.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/SaveAndRestore.h"

#include <limits>

using namespace mlir;
using namespace edgecc;
using namespace edgecc::kernels;

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

Type kernels::storageType(Type element) {
  if (element.isIntOrFloat() && element.getIntOrFloatBitWidth() < 8)
    return IntegerType::get(element.getContext(), 8);
  return edge::signless(element);
}

MemRefType kernels::storageType(RankedTensorType tensor) {
  return contiguousType(tensor.getShape(),
                        storageType(tensor.getElementType()));
}

MemRefType kernels::contiguousType(ArrayRef<int64_t> shape, Type element) {
  if (!llvm::is_contained(shape, 0))
    return MemRefType::get(shape, element);
  // The strides of an identity layout would be zero, which MLIR does not take.
  SmallVector<int64_t> strides(shape.size(), 1);
  for (int64_t i = int64_t(shape.size()) - 2; i >= 0; --i)
    strides[i] = strides[i + 1] * std::max<int64_t>(shape[i + 1], 1);
  return MemRefType::get(
      shape, element,
      StridedLayoutAttr::get(element.getContext(), /*offset=*/0, strides));
}

int64_t kernels::storageBytes(Type element) {
  return edge::elementBytes(element);
}

ElementsAttr kernels::constantOf(Value value) {
  ElementsAttr elements;
  if (value && matchPattern(value, m_Constant(&elements)))
    return elements;
  return {};
}

SmallVector<int64_t> kernels::splitIntoVectors(int64_t count, int64_t width) {
  SmallVector<int64_t> lengths(count / width, width);
  for (int64_t rest = count % width; rest > 0;) {
    int64_t length = llvm::bit_floor(uint64_t(rest));
    lengths.push_back(length);
    rest -= length;
  }
  return lengths;
}

int64_t kernels::vectorLength(target::CpuAttr cpu, Type element) {
  return std::max<int64_t>(1, cpu.getVectorBytes() / storageBytes(element));
}

Emitter::Emitter(OpBuilder &builder, Location loc, target::CpuAttr cpu)
    : ImplicitLocOpBuilder(loc, builder), cpu(cpu) {
  Block *block = getInsertionBlock();
  threads = block ? target::getThreads(block->getParentOp()) : 1;
}

//===----------------------------------------------------------------------===//
// Indices and loops
//===----------------------------------------------------------------------===//

Value Emitter::index(int64_t value) {
  return arith::ConstantIndexOp::create(*this, value);
}

Value Emitter::add(Value a, Value b) {
  return createOrFold<arith::AddIOp>(a, b);
}

Value Emitter::mul(Value a, int64_t b) {
  return b == 1 ? a : createOrFold<arith::MulIOp>(a, index(b));
}

void Emitter::loop(int64_t lower, int64_t upper, int64_t step,
                   llvm::function_ref<void(Value)> body) {
  loop(lower, upper, step, {}, [&](Value i, ValueRange) {
    body(i);
    return SmallVector<Value>();
  });
}

SmallVector<Value>
Emitter::loop(int64_t lower, int64_t upper, int64_t step, ValueRange init,
              llvm::function_ref<SmallVector<Value>(Value, ValueRange)> body) {
  if (lower >= upper)
    return init;
  llvm::SaveAndRestore sequential(isParallel, false);
  if (lower + step >= upper)
    return body(index(lower), init);
  auto loop =
      scf::ForOp::create(*this, index(lower), index(upper), index(step), init);
  OpBuilder::InsertionGuard guard(*this);
  Block *block = loop.getBody();
  if (init.empty()) {
    setInsertionPoint(block->getTerminator());
    body(loop.getInductionVar(), {});
    return {};
  }
  setInsertionPointToEnd(block);
  SmallVector<Value> yielded =
      body(loop.getInductionVar(), loop.getRegionIterArgs());
  scf::YieldOp::create(*this, yielded);
  return loop.getResults();
}

void Emitter::nestOf(LoopVerb verb, ArrayRef<int64_t> sizes,
                     llvm::function_ref<void(ValueRange)> body) {
  SmallVector<Value> indices;
  std::function<void()> descend = [&] {
    if (indices.size() == sizes.size())
      return body(indices);
    (this->*verb)(0, sizes[indices.size()], 1, [&](Value i) {
      indices.push_back(i);
      descend();
      indices.pop_back();
    });
  };
  descend();
}

void Emitter::nest(ArrayRef<int64_t> sizes,
                   llvm::function_ref<void(ValueRange)> body) {
  nestOf(&Emitter::loop, sizes, body);
}

void Emitter::phase(llvm::function_ref<void()> body) {
  if (threads == 1 || isParallel ||
      !isa<func::FuncOp>(getBlock()->getParentOp()))
    return body();
  ++phases;
  llvm::SaveAndRestore parallel(isParallel, true);
  body();
}

void Emitter::parallelLoop(int64_t lower, int64_t upper, int64_t step,
                           llvm::function_ref<void(Value)> body) {
  if (!isParallel)
    return loop(lower, upper, step, body);
  if (lower >= upper)
    return;
  auto loop =
      scf::ForOp::create(*this, index(lower), index(upper), index(step));
  loop->setAttr(target::phaseAttrName, getI64IntegerAttr(phases - 1));
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPoint(loop.getBody()->getTerminator());
  body(loop.getInductionVar());
}

void Emitter::parallelNest(ArrayRef<int64_t> sizes,
                           llvm::function_ref<void(ValueRange)> body) {
  nestOf(&Emitter::parallelLoop, sizes, body);
}

void Emitter::imageParts(int64_t total,
                         llvm::function_ref<void(Value, int64_t)> body) {
  if (!isParallel || total < threads)
    return body(index(0), total);
  int64_t size = total / threads, larger = total % threads;
  parallelLoop(0, threads, 1, [&](Value part) {
    getBlock()->getParentOp()->setAttr(target::partsAttrName, getUnitAttr());
    if (larger == 0)
      return body(mul(part, size), size);
    Value isLarger = arith::CmpIOp::create(*this, arith::CmpIPredicate::ult,
                                           part, index(larger));
    auto branch = scf::IfOp::create(*this, isLarger, /*withElseRegion=*/true);
    InsertionGuard guard(*this);
    setInsertionPoint(branch.thenYield());
    body(mul(part, size + 1), size + 1);
    setInsertionPoint(branch.elseYield());
    body(add(mul(part, size), larger), size);
  });
}

void Emitter::sequentially(llvm::function_ref<void()> body) {
  llvm::SaveAndRestore sequential(isParallel, false);
  body();
}

void Emitter::stretchLoop(int64_t lower, int64_t upper, int64_t step,
                          llvm::function_ref<void(Value, Value)> body) {
  if (!isParallel || lower + step >= upper)
    return parallelLoop(lower, upper, step,
                        [&](Value i) { sequentially([&] { body(i, {}); }); });
  Value isFirst = constant(getBoolAttr(true));
  auto loop = scf::ForOp::create(*this, index(lower), index(upper), index(step),
                                 isFirst);
  loop->setAttr(target::phaseAttrName, getI64IntegerAttr(phases - 1));
  OpBuilder::InsertionGuard guard(*this);
  llvm::SaveAndRestore sequential(isParallel, false);
  setInsertionPointToEnd(loop.getBody());
  body(loop.getInductionVar(), loop.getRegionIterArgs().front());
  scf::YieldOp::create(*this, ValueRange{constant(getBoolAttr(false))});
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

Value Emitter::constant(TypedAttr value) {
  return arith::ConstantOp::create(*this, value);
}

Value Emitter::floatConstant(double value, Type type) {
  if (auto vector = dyn_cast<VectorType>(type))
    return constant(DenseElementsAttr::get(
        vector, Attribute(getFloatAttr(vector.getElementType(), value))));
  return constant(getFloatAttr(type, value));
}

Value Emitter::zero(Type type) {
  return constant(cast<TypedAttr>(getZeroAttr(type)));
}

Value Emitter::splat(Value value, int64_t length) {
  if (length == 1 || isa<VectorType>(value.getType()))
    return value;
  return vector::BroadcastOp::create(
      *this, VectorType::get({length}, value.getType()), value);
}

/// `like`, a scalar or a vector type, with another element type.
static Type withElement(Type like, Type element) {
  auto vector = dyn_cast<VectorType>(like);
  return vector ? Type(vector.clone(element)) : element;
}

Value Emitter::fromStorage(Value value, Type logical) {
  Type type = value.getType();
  if (logical.isInteger(1))
    return arith::CmpIOp::create(*this, arith::CmpIPredicate::ne, value,
                                 zero(type));
  unsigned width = logical.getIntOrFloatBitWidth();
  if (width >= 8)
    return value;
  value = arith::TruncIOp::create(
      *this, withElement(type, getIntegerType(width)), value);
  return isa<FloatType>(logical) ? arith::BitcastOp::create(
                                       *this, withElement(type, logical), value)
                                 : value;
}

Value Emitter::toStorage(Value value, Type stored, Type logical) {
  Type element = getElementTypeOrSelf(value.getType());
  if (element == stored)
    return value;
  Type type = withElement(value.getType(), stored);
  unsigned width = element.getIntOrFloatBitWidth();
  if (width < 8) {
    if (isa<FloatType>(element))
      value = arith::BitcastOp::create(
          *this, withElement(type, getIntegerType(width)), value);
    if (logical && logical.isSignlessInteger() && width > 1)
      return arith::ExtSIOp::create(*this, type, value);
    return arith::ExtUIOp::create(*this, type, value);
  }
  if (isa<FloatType>(stored))
    return arith::TruncFOp::create(*this, type, value);
  return arith::TruncIOp::create(*this, type, value);
}

Value Emitter::load(Value memref, ValueRange indices, int64_t length,
                    Type logical) {
  Type stored = cast<MemRefType>(memref.getType()).getElementType();
  Value value;
  if (length == 1)
    value = memref::LoadOp::create(*this, memref, indices);
  else
    value = vector::LoadOp::create(*this, VectorType::get({length}, stored),
                                   memref, indices);
  return stored == logical ? value : fromStorage(value, logical);
}

void Emitter::store(Value value, Value memref, ValueRange indices) {
  value = toStorage(value, cast<MemRefType>(memref.getType()).getElementType());
  if (isa<VectorType>(value.getType()))
    vector::StoreOp::create(*this, value, memref, indices);
  else
    memref::StoreOp::create(*this, value, memref, indices);
}

void Emitter::prefetch(Value memref, Value index, bool near) {
  memref::PrefetchOp::create(*this, memref, index, /*isWrite=*/false,
                             /*localityHint=*/near ? 3 : 2,
                             /*isDataCache=*/true);
}

void Emitter::prefetchForWriting(Value memref, Value index) {
  memref::PrefetchOp::create(*this, memref, index, /*isWrite=*/true,
                             /*localityHint=*/3, /*isDataCache=*/true);
}

Value Emitter::loadBroadcast(Value memref, ValueRange indices, int64_t length,
                             Type logical) {
  auto type = cast<MemRefType>(memref.getType());
  ValueRange aligned = indices.take_back(type.getRank());
  SmallVector<Value> position;
  for (auto [size, i] : llvm::zip(type.getShape(), aligned))
    position.push_back(size == 1 ? index(0) : i);
  if (type.getRank() == 0 || type.getShape().back() == 1)
    return splat(load(memref, position, 1, logical), length);
  return load(memref, position, length, logical);
}

Value Emitter::applyRegion(Region &region, ValueRange arguments,
                           ArrayRef<double> bounds, Value wanted) {
  int64_t length = 1;
  for (Value argument : arguments)
    if (auto vector = dyn_cast<VectorType>(argument.getType()))
      length = vector.getNumElements();
  Block &block = region.front();
  IRMapping mapping;
  for (auto [formal, actual] : llvm::zip(block.getArguments(), arguments))
    mapping.map(formal, splat(actual, length));
  for (Operation &op : block.without_terminator()) {
    if (auto constant = dyn_cast<arith::ConstantOp>(op); constant) {
      mapping.map(constant.getResult(),
                  splat(this->constant(constant.getValue()), length));
      continue;
    }
    if (auto narrow = Requantization::match(op)) {
      SmallVector<double> known(bounds);
      known.resize(block.getNumArguments(),
                   std::numeric_limits<double>::infinity());
      Type type = op.getResult(0).getType();
      mapping.map(op.getResult(0),
                  narrow->emit(*this, narrow->lookup(*this, mapping),
                               narrow->bound(known),
                               type.getIntOrFloatBitWidth()));
      continue;
    }
    Operation *copy = clone(op, mapping);
    copy->setLoc(getLoc());
    if (length == 1)
      continue;
    for (Value result : copy->getResults())
      result.setType(VectorType::get({length}, result.getType()));
  }
  return mapping.lookup(wanted ? wanted : block.getTerminator()->getOperand(0));
}

void Emitter::storeResult(Operation *op, const KernelArgs &args,
                          Value accumulator, ValueRange indices) {
  store(applyEpilogue(*this, op, args, accumulator, indices), args.outputs[0],
        indices);
}
