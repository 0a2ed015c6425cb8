//===- Buffers.cpp - where each tensor of a function lies -------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/Buffers.h"
#include "codegen/kernels/Emit.h"
#include "dialects/Edge/EdgeConstants.h"
#include "dialects/Edge/EdgePlaceOps.h"
#include "dialects/Target/Alignment.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::kernels;

//===----------------------------------------------------------------------===//
// Buffer
//===----------------------------------------------------------------------===//

static SmallVector<int64_t> stridesOf(MemRefType type) {
  SmallVector<int64_t> strides;
  int64_t offset;
  LogicalResult result = type.getStridesAndOffset(strides, offset);
  assert(succeeded(result) && offset == 0 && "buffers are strided");
  (void)result;
  return strides;
}

/// The type of a strided buffer; an identity layout where that says the same.
static MemRefType stridedType(ArrayRef<int64_t> shape, Type element,
                              ArrayRef<int64_t> strides) {
  auto contiguous = contiguousType(shape, element);
  SmallVector<int64_t> expected = stridesOf(contiguous);
  bool isContiguous = true;
  for (auto [size, stride, want] : llvm::zip(shape, strides, expected))
    isContiguous &= size == 1 || stride == want;
  if (isContiguous)
    return contiguous;
  return MemRefType::get(
      shape, element,
      StridedLayoutAttr::get(element.getContext(), /*offset=*/0, strides));
}

Buffer Buffer::slice(ArrayRef<int64_t> offsets, ArrayRef<int64_t> sizes) const {
  SmallVector<int64_t> strides = stridesOf(type);
  Buffer part = *this;
  for (auto [stride, at] : llvm::zip(strides, offsets))
    part.offset += stride * at;
  part.type = stridedType(sizes, type.getElementType(), strides);
  return part;
}

Buffer Buffer::reshape(ArrayRef<int64_t> shape) const {
  assert(isContiguous() && "only contiguous memory takes another shape");
  Buffer view = *this;
  view.type = contiguousType(shape, type.getElementType());
  return view;
}

Value Buffer::materialize(OpBuilder &builder, Location loc) const {
  Type element = type.getElementType();
  SmallVector<int64_t> strides = stridesOf(type);
  auto baseType = cast<MemRefType>(base.getType());
  bool isBytes = isa<MemRefType>(base.getType()) &&
                 (base.getDefiningOp<memref::AllocOp>() ||
                  base.getDefiningOp<memref::GetGlobalOp>());
  if (!isBytes) {
    if (baseType == type && offset == 0)
      return base;
    auto viewed = MemRefType::get(
        type.getShape(), element,
        StridedLayoutAttr::get(builder.getContext(), offset, strides));
    return memref::ReinterpretCastOp::create(
        builder, loc, offset == 0 && isContiguous() ? type : viewed, base,
        offset, type.getShape(), strides);
  }
  Value bytes = arith::ConstantIndexOp::create(builder, loc,
                                               offset * storageBytes(element));
  if (type.getLayout().isIdentity())
    return memref::ViewOp::create(builder, loc, type, base, bytes,
                                  ValueRange());
  bool isEmpty = type.getNumElements() == 0;
  int64_t span = isEmpty ? 0 : 1;
  for (auto [size, stride] : llvm::zip(type.getShape(), strides))
    span += isEmpty ? 0 : (size - 1) * stride;
  Value flat =
      memref::ViewOp::create(builder, loc, MemRefType::get({span}, element),
                             base, bytes, ValueRange());
  return memref::ReinterpretCastOp::create(builder, loc, type, flat,
                                           /*offset=*/0, type.getShape(),
                                           strides);
}

//===----------------------------------------------------------------------===//
// Assignment
//===----------------------------------------------------------------------===//

static MemRefType storageOf(Value tensor) {
  return storageType(cast<RankedTensorType>(tensor.getType()));
}

Buffer BufferAssignment::allocate(MemRefType type, Location loc,
                                  int64_t alignment) {
  int64_t bytes = type.getNumElements() * storageBytes(type.getElementType());
  Value base = memref::AllocOp::create(
      builder, loc, MemRefType::get({bytes}, builder.getI8Type()),
      builder.getI64IntegerAttr(
          std::max(alignment, target::bufferAlignment(cpu))));
  return {base, 0, type};
}

Buffer BufferAssignment::operandBuffer(Operation *op, unsigned index) {
  Value tensor = op->getOperand(index);
  ElementsAttr constant = constantOf(tensor);
  if (!constant) {
    auto found = buffers.find(tensor);
    assert(found != buffers.end() && "an operand before its producer");
    return found->second;
  }
  Buffer buffer{weights, 0, storageOf(tensor)};
  int64_t at;
  std::optional<PackedConstant> packed;
  if (auto kernel = dyn_cast<KernelOpInterface>(op))
    packed = kernel.packConstant(index, constant, cpu);
  if (packed) {
    at = pool.add(packed->bytes);
    buffer.type = packed->type;
  } else {
    at = pool.add(edge::ConstantView::get(constant)->bytes());
  }
  buffer.offset = at / storageBytes(buffer.type.getElementType());
  return buffer;
}

/// The buffer of the result into which `use` is written in place, with the
/// position of the operand in it.
static std::optional<SmallVector<int64_t>> offsetInside(OpOperand &use) {
  if (auto concat = dyn_cast<edge::ConcatOp>(use.getOwner())) {
    SmallVector<int64_t> offsets(concat.getType().getRank(), 0);
    for (Value before : concat.getInputs().take_front(use.getOperandNumber()))
      offsets[concat.getAxis()] +=
          cast<ShapedType>(before.getType()).getDimSize(concat.getAxis());
    return offsets;
  }
  if (auto pad = dyn_cast<edge::PadOp>(use.getOwner());
      pad && pad.getMode() == edge::PadMode::Constant)
    return SmallVector<int64_t>(pad.getLow());
  return std::nullopt;
}

bool kernels::isBranch(Operation *op) {
  return isa<edge::IfOp, edge::NpuCallOp>(op);
}

//===----------------------------------------------------------------------===//
// Where an NPU wants its tensors
//===----------------------------------------------------------------------===//

static int64_t bytesOf(Value tensor) {
  MemRefType type = storageOf(tensor);
  return type.getNumElements() * storageBytes(type.getElementType());
}

/// The bytes in the arena that `op` reads or writes, but for `tensor`.
static int64_t bytesBeside(Value tensor, Operation *op) {
  int64_t bytes = 0;
  for (Value operand : op->getOperands()) {
    bool isInput = isa<BlockArgument>(operand) &&
                   isa<func::FuncOp>(operand.getParentBlock()->getParentOp());
    if (operand != tensor && !constantOf(operand) && !isInput)
      bytes += bytesOf(operand);
  }
  for (Value result : op->getResults())
    if (result != tensor &&
        llvm::none_of(result.getUsers(), llvm::IsaPred<func::ReturnOp>))
      bytes += bytesOf(result);
  return bytes;
}

/// Whether scratch memory may be in use from `first` to `last`, one of which is
/// the call and the other one a neighbour, without more memory than tensors of
/// their own would take: all between them read or write tensors of the call
/// too, and nothing that is larger.
static bool areNear(Operation *first, Operation *last, edge::NpuCallOp call) {
  auto touches = [&](Operation *op) -> Value {
    for (Value operand : call.getInputs())
      if (operand.getDefiningOp() == op)
        return operand;
    for (Value operand : op->getOperands())
      if (operand.getDefiningOp() == call)
        return operand;
    return {};
  };
  for (Operation *op = first; op; op = op->getNextNode()) {
    if (op != call && !op->hasTrait<OpTrait::ConstantLike>()) {
      Value tensor = touches(op);
      if (!tensor || !isa<KernelOpInterface>(op) ||
          bytesBeside(tensor, op) > bytesOf(tensor))
        return false;
    }
    if (op == last)
      return true;
  }
  return false;
}

Buffer BufferAssignment::scratchOf(edge::NpuCallOp call) {
  auto found = scratch.find(call);
  if (found != scratch.end())
    return found->second;
  int64_t bytes = call.getScratch();
  Buffer buffer = allocate(MemRefType::get({bytes}, builder.getI8Type()),
                           call.getLoc(), call.getAlignment());
  scratch[call] = buffer;
  return buffer;
}

/// Next to a call that wants a tensor at a place, that place. What the CPU is
/// to compute from when the driver fails lies elsewhere.
std::optional<Buffer> BufferAssignment::placeInScratch(OpResult result) {
  auto place = [&](edge::NpuCallOp call, size_t number) {
    assert(storageBytes(storageOf(result).getElementType()) == 1 &&
           "an NPU with places works on bytes");
    Buffer whole = scratchOf(call);
    return Buffer{whole.base, call.getPlaces()[number], storageOf(result)};
  };
  Block *block = result.getOwner()->getBlock();
  if (auto call = dyn_cast<edge::NpuCallOp>(result.getOwner())) {
    if (call.getPlaces().empty() || result.use_empty())
      return std::nullopt;
    for (Operation *user : result.getUsers())
      if (user->getBlock() != block || !areNear(call, user, call))
        return std::nullopt;
    return place(call, call.getInputs().size() + result.getResultNumber());
  }
  if (!result.hasOneUse())
    return std::nullopt;
  OpOperand &use = *result.use_begin();
  auto call = dyn_cast<edge::NpuCallOp>(use.getOwner());
  if (!call || call.getPlaces().empty() || !call.getFallback().empty() ||
      call->getBlock() != block || !areNear(result.getOwner(), call, call))
    return std::nullopt;
  // The program comes first.
  return place(call, use.getOperandNumber() - 1);
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

std::optional<Buffer> BufferAssignment::placeAtUser(Value tensor) {
  for (OpOperand &use : tensor.getUses()) {
    Operation *user = use.getOwner();
    if (isa<func::ReturnOp>(user))
      return outputs[use.getOperandNumber()];
    if (isa<edge::YieldOp>(user) && isBranch(user->getParentOp()))
      return buffers.at(user->getParentOp()->getResult(use.getOperandNumber()));
    if (std::optional<SmallVector<int64_t>> offsets = offsetInside(use)) {
      Buffer whole = resultBuffer(cast<OpResult>(user->getResult(0)));
      return whole.slice(*offsets,
                         cast<ShapedType>(tensor.getType()).getShape());
    }
  }
  // Through a reshape, only what it gives back or yields: that is contiguous.
  for (Operation *user : tensor.getUsers())
    if (auto reshape = dyn_cast<edge::ReshapeOp>(user))
      for (Operation *last : reshape->getUsers())
        if (isa<func::ReturnOp>(last) ||
            (isa<edge::YieldOp>(last) && isBranch(last->getParentOp())))
          if (std::optional<Buffer> place = placeAtUser(reshape))
            return place->reshape(
                cast<ShapedType>(tensor.getType()).getShape());
  return std::nullopt;
}

/// Whether `value` has one use, and so has all that lies inside of it, so that
/// its memory is free after that use.
static bool isReadOnce(Value value) {
  if (!value.hasOneUse())
    return false;
  Operation *producer = value.getDefiningOp();
  return !producer ||
         llvm::all_of(producer->getOpOperands(), [](OpOperand &operand) {
           return !offsetInside(operand) || isReadOnce(operand.get());
         });
}

std::optional<Buffer> BufferAssignment::placeOverOperand(OpResult result) {
  auto kernel = dyn_cast<KernelOpInterface>(result.getOwner());
  if (!kernel || result.getResultNumber() != 0)
    return std::nullopt;
  for (OpOperand &use : result.getOwner()->getOpOperands()) {
    Value operand = use.get();
    if (owners.contains(operand) && isReadOnce(operand) &&
        operand.getParentBlock() == result.getOwner()->getBlock() &&
        storageOf(operand) == storageOf(result) &&
        kernel.canOverwrite(use.getOperandNumber()))
      return buffers.at(operand);
  }
  return std::nullopt;
}

Buffer BufferAssignment::resultBuffer(OpResult result) {
  auto found = buffers.find(result);
  if (found != buffers.end())
    return found->second;
  std::optional<Buffer> place = placeAtUser(result);
  if (!place)
    place = placeInScratch(result);
  if (!place) {
    place = placeOverOperand(result);
    if (!place)
      place = allocate(storageOf(result), result.getLoc());
    owners.insert(result);
  }
  buffers[result] = *place;
  return *place;
}
