//===- Movement.cpp - kernels that only move elements -----------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/Families.h"
#include "codegen/kernels/Strided.h"

#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/APSInt.h"
#include "llvm/ADT/Sequence.h"

using namespace mlir;

namespace edgecc::kernels {

/// The access to all elements of operand `index`, as they lie in memory.
static Access readAll(Emitter &e, Operation *op, const KernelArgs &args,
                      unsigned index = 0) {
  Type element = getElementTypeOrSelf(op->getOperand(index).getType());
  return accessAll(e, args.inputs[index], storageType(element));
}

static Access writeAll(Emitter &e, Operation *op, const KernelArgs &args) {
  Type element = getElementTypeOrSelf(op->getResult(0).getType());
  return accessAll(e, args.outputs[0], storageType(element));
}

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

namespace {

struct TransposeKernel
    : KernelOpInterface::ExternalModel<TransposeKernel, edge::TransposeOp> {
  LogicalResult emitKernel(Operation *op, OpBuilder &builder,
                           const KernelArgs &args, target::CpuAttr cpu) const {
    Emitter e(builder, op->getLoc(), cpu);
    auto transpose = cast<edge::TransposeOp>(op);
    Access read = readAll(e, op, args);
    SmallVector<int64_t> strides;
    for (int64_t dim : transpose.getPermutation())
      strides.push_back(read.strides[dim]);
    read.strides = std::move(strides);
    Access write = writeAll(e, op, args);
    e.phase([&] { emitCopy(e, transpose.getType().getShape(), read, write); });
    return success();
  }
};

struct BroadcastKernel
    : KernelOpInterface::ExternalModel<BroadcastKernel, edge::BroadcastOp> {
  LogicalResult emitKernel(Operation *op, OpBuilder &builder,
                           const KernelArgs &args, target::CpuAttr cpu) const {
    Emitter e(builder, op->getLoc(), cpu);
    RankedTensorType type = typeOf(op->getResult(0));
    Access read = accessBroadcast(e, args.inputs[0], type.getElementType(),
                                  type.getShape());
    Access write = writeAll(e, op, args);
    e.phase([&] { emitCopy(e, type.getShape(), read, write); });
    return success();
  }
};

struct SliceKernel
    : KernelOpInterface::ExternalModel<SliceKernel, edge::SliceOp> {
  LogicalResult emitKernel(Operation *op, OpBuilder &builder,
                           const KernelArgs &args, target::CpuAttr cpu) const {
    Emitter e(builder, op->getLoc(), cpu);
    auto slice = cast<edge::SliceOp>(op);
    Access read = readAll(e, op, args);
    int64_t start = 0;
    for (auto [own, offset, step] : llvm::zip_equal(
             read.strides, slice.getOffsets(), slice.getStrides())) {
      start += offset * own;
      own *= step;
    }
    read.start = e.index(start);
    Access write = writeAll(e, op, args);
    e.phase([&] { emitCopy(e, slice.getSizes(), read, write); });
    return success();
  }
};

/// A part of a padded dimension that is read in even steps.
struct Segment {
  int64_t to, size, from, step;
};

/// What `pad` adds to its operand, or a part of it: `sizes` from the start of
/// `write` on.
struct Border {
  Emitter &e;
  edge::PadOp pad;
  Access write;
  Value value;
  SmallVector<int64_t> sizes;

  void fill() { fillSides(0, write.start, sizes); }

  /// The same on `count` lines from `first` on, of `total` ones.
  void fillLines(Value first, int64_t count, int64_t total) {
    SmallVector<int64_t> box = sizes;
    box[1] = count;
    fillSides(2, e.add(write.start, e.mul(first, write.strides[1])), box);
    auto fillIf = [&](Value position, int64_t expected, bool isAfter) {
      Value isThere = arith::CmpIOp::create(e, arith::CmpIPredicate::eq,
                                            position, e.index(expected));
      auto branch = scf::IfOp::create(e, isThere, /*withElseRegion=*/false);
      OpBuilder::InsertionGuard guard(e);
      e.setInsertionPoint(branch.thenYield());
      fillSide(1, isAfter, write.start, sizes);
    };
    fillIf(first, 0, /*isAfter=*/false);
    fillIf(first, total - count, /*isAfter=*/true);
  }

private:
  /// Before and after the inside of the dimensions from `dim` on: inside of the
  /// dimensions before, all of those after.
  void fillSides(int64_t dim, Value start, SmallVector<int64_t> box) {
    for (int64_t rank = box.size(); dim < rank; ++dim) {
      fillSide(dim, /*isAfter=*/false, start, box);
      fillSide(dim, /*isAfter=*/true, start, box);
      int64_t low = pad.getLow()[dim];
      box[dim] -= low + pad.getHigh()[dim];
      start = e.add(start, low * write.strides[dim]);
    }
  }

  void fillSide(int64_t dim, bool isAfter, Value start,
                SmallVector<int64_t> box) {
    int64_t count = isAfter ? pad.getHigh()[dim] : pad.getLow()[dim];
    if (count == 0)
      return;
    if (isAfter)
      start = e.add(start, (box[dim] - count) * write.strides[dim]);
    box[dim] = count;
    emitFill(e, box, value, write.from(start));
  }
};

struct PadKernel : KernelOpInterface::ExternalModel<PadKernel, edge::PadOp> {
  LogicalResult emitKernel(Operation *op, OpBuilder &builder,
                           const KernelArgs &args, target::CpuAttr cpu) const {
    Emitter e(builder, op->getLoc(), cpu);
    auto pad = cast<edge::PadOp>(op);
    Access write = writeAll(e, op, args);
    if (pad.getMode() == edge::PadMode::Constant)
      e.phase([&] { emitBorder(e, pad, write); });
    else
      emitCopies(e, pad, readAll(e, op, args), write);
    return success();
  }

private:
  static void emitCopies(Emitter &e, edge::PadOp pad, const Access &read,
                         const Access &write) {
    ArrayRef<int64_t> shape = typeOf(pad.getInput()).getShape();
    SmallVector<SmallVector<Segment>> segments;
    for (auto [size, low, high] :
         llvm::zip_equal(shape, pad.getLow(), pad.getHigh()))
      segments.push_back(segmentsOf(pad.getMode(), size, low, high));

    // Each combination of segments is a strided copy.
    SmallVector<int64_t> sizes(shape.size());
    auto descend = [&](auto &&self, size_t dim, Access from, int64_t fromStart,
                       int64_t toStart) -> void {
      if (dim == shape.size()) {
        from.start = e.index(fromStart);
        return emitCopy(e, sizes, from, write.from(e.index(toStart)));
      }
      for (const Segment &segment : segments[dim]) {
        Access part = from;
        part.strides[dim] = read.strides[dim] * segment.step;
        sizes[dim] = segment.size;
        self(self, dim + 1, part, fromStart + segment.from * read.strides[dim],
             toStart + segment.to * write.strides[dim]);
      }
    };
    descend(descend, 0, read, 0, 0);
  }

  static SmallVector<Segment> segmentsOf(edge::PadMode mode, int64_t size,
                                         int64_t low, int64_t high) {
    SmallVector<Segment> segments;
    auto add = [&](int64_t to, int64_t count, int64_t from, int64_t step) {
      if (count > 0)
        segments.push_back({to, count, from, step});
    };
    int64_t after = low + size;
    switch (mode) {
    case edge::PadMode::Constant:
      llvm_unreachable("the operand is inside of the result already");
    case edge::PadMode::Reflect:
      add(0, low, low, -1);
      add(low, size, 0, 1);
      add(after, high, size - 2, -1);
      break;
    case edge::PadMode::Edge:
      add(0, low, 0, 0);
      add(low, size, 0, 1);
      add(after, high, size - 1, 0);
      break;
    case edge::PadMode::Wrap:
      add(0, low, size - low, 1);
      add(low, size, 0, 1);
      add(after, high, 0, 1);
      break;
    }
    return segments;
  }

  /// Fills what lies before and after the inside, where the operand is already.
  /// Threads have the parts that they have in the kernels before and after.
  static void emitBorder(Emitter &e, edge::PadOp pad, const Access &write) {
    ArrayRef<int64_t> shape = pad.getType().getShape();
    int64_t rank = shape.size(), channels = shape.back();
    int64_t lanes = commonVectorLength(e.cpu, write.element);
    auto hasBorder = [&](int64_t dim) {
      return pad.getLow()[dim] || pad.getHigh()[dim];
    };
    Value value = scalarOf(e, pad.getValue().convertToDouble(),
                           pad.getType().getElementType());
    Border border{e, pad, write, value, SmallVector<int64_t>(shape)};
    if (e.getThreads() == 1 || rank < 3 || hasBorder(0))
      return border.fill();
    if (sharesLines(pad.getType().getNumElements() / shape[0] / channels,
                    channels))
      return e.imageParts(shape[1], [&](Value first, int64_t size) {
        border.fillLines(first, size, shape[1]);
      });
    if (channels % lanes || hasBorder(rank - 1))
      return border.fill();
    e.imageParts(channels / lanes, [&](Value first, int64_t size) {
      Border part = border;
      part.write.start = e.add(write.start, e.mul(first, lanes));
      part.sizes.back() = size * lanes;
      part.fill();
    });
  }

  /// `value` as an element in memory.
  static Value scalarOf(Emitter &e, double value, Type element) {
    Type storage = storageType(element);
    if (isa<FloatType>(storage))
      return e.floatConstant(value, storage);
    unsigned width = storage.getIntOrFloatBitWidth();
    bool exact;
    if (auto narrow = dyn_cast<FloatType>(element)) {
      // The bits of floats of less than a byte.
      APFloat number(value);
      number.convert(narrow.getFloatSemantics(), APFloat::rmNearestTiesToEven,
                     &exact);
      return e.constant(
          e.getIntegerAttr(storage, number.bitcastToAPInt().zext(width)));
    }
    if (element.isInteger(1))
      value = value != 0.0;
    APSInt integer(width, element.isUnsignedInteger());
    APFloat(value).convertToInteger(integer, APFloat::rmTowardZero, &exact);
    return e.constant(e.getIntegerAttr(storage, integer));
  }
};

} // namespace

void registerMovementKernels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, edge::EdgeDialect *) {
    edge::TransposeOp::attachInterface<TransposeKernel>(*context);
    edge::BroadcastOp::attachInterface<BroadcastKernel>(*context);
    edge::SliceOp::attachInterface<SliceKernel>(*context);
    edge::PadOp::attachInterface<PadKernel>(*context);
  });
}

} // namespace edgecc::kernels
