//===- FormRowStreams.cpp - which operations run row by row -----*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Looks for the operation at which most bytes are alive, forms the stream
// around it that leaves the fewest, and begins again, until nothing helps any
// more.
//
//===----------------------------------------------------------------------===//

#include "codegen/kernels/Contractions.h"
#include "codegen/kernels/LiveBytes.h"
#include "codegen/kernels/Passes.h"
#include "dialects/Edge/EdgeScheduleOps.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SetVector.h"

namespace edgecc::kernels {
#define GEN_PASS_DEF_FORMROWSTREAMS
#include "codegen/kernels/Passes.h.inc"
} // namespace edgecc::kernels

using namespace mlir;
using namespace edgecc;
using namespace edgecc::kernels;

/// Whether `value` is the bytes of one image.
static bool isByteImage(Value value) {
  RankedTensorType type = typeOf(value);
  return type.getRank() == 4 && type.getDimSize(0) == 1 &&
         type.getNumElements() > 0 &&
         storageType(type.getElementType()).isInteger(8);
}

/// Whether `pad` adds rows and pixels to an image.
static bool isBorder(edge::PadOp pad) {
  return pad.getMode() == edge::PadMode::Constant &&
         isByteImage(pad.getInput()) && !pad.getLow()[0] && !pad.getLow()[3] &&
         !pad.getHigh()[0] && !pad.getHigh()[3];
}

/// Whether rows of the result of `op` can be computed of rows of its operands.
static bool canStream(Operation *op) {
  if (auto pad = dyn_cast<edge::PadOp>(op))
    return isBorder(pad);
  if (!isa<edge::ConvOp, edge::MapOp>(op) || !isByteImage(op->getResult(0)))
    return false;
  RankedTensorType result = typeOf(op->getResult(0));
  auto conv = dyn_cast<edge::ConvOp>(op);
  for (OpOperand &operand : op->getOpOperands()) {
    if (constantOf(operand.get())) {
      // One row for all.
      RankedTensorType type = typeOf(operand.get());
      bool isWeights = conv && operand.getOperandNumber() == 1;
      if (!isWeights && type.getRank() >= 3 && type.getShape().end()[-3] != 1)
        return false;
      continue;
    }
    if (!isByteImage(operand.get()))
      return false;
    bool isInput = conv && operand.getOperandNumber() == 0;
    if (!isInput && typeOf(operand.get()).getShape() != result.getShape())
      return false;
  }
  return !conv || (constantOf(conv.getWeights()) &&
                   isa<KernelOpInterface>(op) && conv.getStrides().size() == 2);
}

namespace {

/// A stream while its body is built.
class StreamFrame {
public:
  /// The stream whose body yields what `body` builds.
  edge::RowStreamOp build(OpBuilder &builder, Location loc, Type type,
                          function_ref<Value()> body) {
    stream = edge::RowStreamOp::create(builder, loc, type, ValueRange());
    builder.createBlock(&stream.getBody());
    edge::YieldOp::create(builder, loc, body());
    stream.getInputsMutable().assign(inputs);
    return stream;
  }

  /// The rows of `input` that the body gets, as `slab`.
  Value addInput(Value input, Type slab) {
    inputs.push_back(input);
    return stream.getBody().front().addArgument(slab, input.getLoc());
  }

private:
  edge::RowStreamOp stream;
  SmallVector<Value> inputs;
};

/// Builds the stream of some operations of a block.
class StreamBuilder {
public:
  explicit StreamBuilder(ArrayRef<Operation *> operations)
      : operations(operations.begin(), operations.end()),
        builder(operations.back()) {}

  /// The stream, one row at a time, before the last of the operations.
  edge::RowStreamOp build() {
    Value result = operations.back()->getResult(0);
    SmallVector<Location> locations;
    for (Operation *op : operations)
      locations.push_back(op->getLoc());
    return frame.build(builder, builder.getFusedLoc(locations),
                       result.getType(),
                       [&] { return slabOf(result, /*rows=*/1); });
  }

private:
  Value slabOf(Value value, int64_t rows) {
    RankedTensorType type = typeOf(value);
    SmallVector<int64_t> shape(type.getShape());
    shape[1] = rows;
    auto slab = RankedTensorType::get(shape, type.getElementType());
    Operation *op = value.getDefiningOp();
    if (!op || !operations.contains(op))
      return frame.addInput(value, slab);
    IRMapping mapping;
    for (OpOperand &operand : op->getOpOperands()) {
      Value given = operand.get();
      if (Operation *constant = given.getDefiningOp();
          constant && constantOf(given))
        mapping.map(given, builder.clone(*constant)->getResult(0));
      else if (isa<edge::ConvOp>(op) && operand.getOperandNumber() == 0)
        mapping.map(given, windowOf(cast<edge::ConvOp>(op), rows));
      else
        mapping.map(given, slabOf(given, rows));
    }
    Operation *copy = builder.clone(*op, mapping);
    copy->getResult(0).setType(slab);
    return copy->getResult(0);
  }

  /// What `rows` rows of the result of `conv` read.
  Value windowOf(edge::ConvOp conv, int64_t rows) {
    Value source = conv.getInput();
    SmallVector<int64_t> low{0, 0}, high{0, 0};
    APFloat filler(0.0);
    bool hasBorder = false;
    if (auto pad = source.getDefiningOp<edge::PadOp>();
        pad && operations.contains(pad)) {
      low = {pad.getLow()[1], pad.getLow()[2]};
      high = {pad.getHigh()[1], pad.getHigh()[2]};
      filler = pad.getValue();
      source = pad.getInput();
      hasBorder = true;
    }
    int64_t stride = conv.getStrides()[0];
    int64_t extent =
        conv.getDilation(0) * (typeOf(conv.getWeights()).getDimSize(0) - 1) + 1;
    Operation *producer = source.getDefiningOp();
    bool isOutside = !producer || !operations.contains(producer);
    RankedTensorType type = typeOf(source);
    if (!hasBorder && extent == 1 &&
        (stride == 1 ||
         (isOutside && type.getDimSize(1) % (rows * stride) == 0)))
      return slabOf(source, rows * stride);
    Value slab = slabOf(source, 1);
    auto result = RankedTensorType::get({1, (rows - 1) * stride + extent,
                                         type.getDimSize(2) + low[1] + high[1],
                                         type.getDimSize(3)},
                                        type.getElementType());
    return edge::RowWindowOp::create(builder, conv.getLoc(), result, slab,
                                     type.getDimSize(1), rows * stride, low,
                                     high, filler);
  }

  llvm::SmallSetVector<Operation *, 8> operations;
  OpBuilder builder;
  StreamFrame frame;
};

/// Builds a stream again with more rows at a time.
class StreamWidener {
public:
  explicit StreamWidener(edge::RowStreamOp old) : old(old), builder(old) {}

  /// The stream, `rows` times as many rows at a time, before the old one.
  edge::RowStreamOp build(int64_t rows) {
    return frame.build(builder, old.getLoc(), old.getType(),
                       [&] { return widen(old.getYielded(), rows); });
  }

private:
  Value widen(Value value, int64_t times) {
    RankedTensorType type = typeOf(value);
    SmallVector<int64_t> shape(type.getShape());
    shape[1] *= times;
    auto slab = RankedTensorType::get(shape, type.getElementType());
    if (auto argument = dyn_cast<BlockArgument>(value))
      return frame.addInput(old.getInputs()[argument.getArgNumber()], slab);
    Operation *op = value.getDefiningOp();
    if (auto window = dyn_cast<edge::RowWindowOp>(op)) {
      // As many rows come at a time as go, if that divides them.
      int64_t step = window.getStep();
      bool divides = window.getLines() % (times * window.getInputRows()) == 0;
      Value input = widen(window.getInput(), divides ? times : 1);
      shape[1] = (times - 1) * step + type.getDimSize(1);
      slab = RankedTensorType::get({shape[0], shape[1], shape[2], shape[3]},
                                   type.getElementType());
      return edge::RowWindowOp::create(
          builder, op->getLoc(), slab, input, window.getLines(), times * step,
          window.getLow(), window.getHigh(), window.getValue());
    }
    IRMapping mapping;
    for (Value operand : op->getOperands())
      mapping.map(operand,
                  constantOf(operand)
                      ? builder.clone(*operand.getDefiningOp())->getResult(0)
                      : widen(operand, times));
    Operation *copy = builder.clone(*op, mapping);
    copy->getResult(0).setType(slab);
    return copy->getResult(0);
  }

  edge::RowStreamOp old;
  OpBuilder builder;
  StreamFrame frame;
};

struct FormRowStreams : kernels::impl::FormRowStreamsBase<FormRowStreams> {
  using FormRowStreamsBase::FormRowStreamsBase;

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    target::CpuAttr cpu = target::getCpu(function->getParentOfType<ModuleOp>());
    bool isLimited = limit >= 0;
    // Memory is scarce where there is no cache of a second level.
    if (function.isExternal() || !cpu || (!isLimited && cpu.getL2Bytes() > 0))
      return;
    Block &block = function.getBody().front();
    while (formOne(block, cpu))
      ++numStreams;
    int64_t most = mostOf(LiveBytes(block, cpu).measure());
    most =
        isLimited ? std::max<int64_t>(most, limit) : most + most * growth / 100;
    for (auto stream : llvm::to_vector(block.getOps<edge::RowStreamOp>()))
      widen(stream, most, cpu);
  }

private:
  static int64_t mostOf(ArrayRef<int64_t> bytes) {
    return bytes.empty() ? 0 : *std::max_element(bytes.begin(), bytes.end());
  }

  /// Computes more rows at a time, which is faster, while that takes no more
  /// than `limit` bytes in all.
  static void widen(edge::RowStreamOp stream, int64_t limit,
                    target::CpuAttr cpu) {
    LiveBytes live(*stream->getBlock(), cpu);
    for (int64_t rows : {8, 5, 4, 3, 2}) {
      if (stream.getTrips() % rows)
        continue;
      edge::RowStreamOp wide = StreamWidener(stream).build(rows);
      if (mostOf(live.measure({stream}, wide)) > limit) {
        wide.erase();
        continue;
      }
      stream.getResult().replaceAllUsesWith(wide.getResult());
      stream.erase();
      return;
    }
  }

  bool formOne(Block &block, target::CpuAttr cpu) {
    LiveBytes live(block, cpu);
    std::vector<int64_t> best = live.measure();
    if (best.empty())
      return false;
    ArrayRef<Operation *> units = live.getOperations();
    size_t peak = std::max_element(best.begin(), best.end()) - best.begin();
    int64_t least = best[peak];
    if (least <= limit)
      return false;
    ArrayRef<Operation *> chosen;
    for (size_t first = peak + 1; first-- > 0 && peak - first < longest;) {
      if (!canStream(units[first]))
        break;
      for (size_t last = peak; last < units.size() && last - first < longest;
           ++last) {
        if (!canStream(units[last]))
          break;
        ArrayRef<Operation *> range = units.slice(first, last - first + 1);
        if (!isClosed(range))
          continue;
        edge::RowStreamOp stream = StreamBuilder(range).build();
        // The most bytes where anything changes; of two ways, also of two
        // within the limit, the one that leaves more as it is.
        std::vector<int64_t> now = live.measure(range, stream);
        stream.erase();
        int64_t most = std::max<int64_t>(limit, 0);
        for (size_t time = 0; time < now.size(); ++time)
          if (now[time] != best[time] || time == last)
            most = std::max(most, now[time]);
        if (most < least || (!chosen.empty() && most == least &&
                             range.size() < chosen.size())) {
          chosen = range;
          least = most;
        }
      }
    }
    if (chosen.empty())
      return false;
    edge::RowStreamOp stream = StreamBuilder(chosen).build();
    chosen.back()->getResult(0).replaceAllUsesWith(stream.getResult());
    for (Operation *op : llvm::reverse(chosen))
      op->erase();
    return true;
  }

  /// Whether all results but the last one are read inside of `range`, once, and
  /// that one is computed.
  static bool isClosed(ArrayRef<Operation *> range) {
    if (isa<edge::PadOp>(range.back()))
      return false;
    for (Operation *op : range.drop_back()) {
      Value result = op->getResult(0);
      if (!result.hasOneUse() ||
          !llvm::is_contained(range, *result.user_begin()))
        return false;
      // A border is read by what makes a window of it.
      OpOperand &use = *result.getUses().begin();
      if (isa<edge::PadOp>(op) &&
          (!isa<edge::ConvOp>(use.getOwner()) || use.getOperandNumber() != 0))
        return false;
    }
    return true;
  }

  /// Operations of a stream.
  static constexpr size_t longest = 8;
};

} // namespace
