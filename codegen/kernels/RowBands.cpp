//===- RowBands.cpp - chains computed a few rows at a time ------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// For each band of rows of the window's result, the producer (a convolution, or
// the transposition from channels-first) computes those rows of its own result
// that no earlier band needed, into a buffer that holds what the window reads
// of it, borders included; the rows that the next band needs again move to the
// front. The window computes its rows into a second buffer, which the consumer
// (a pointwise convolution, or the transposition to channels-first) reads.
//
// In the first buffer the channels lie in blocks as long as a vector, so that
// the window reads neighbouring pixels from neighbouring cache lines. A chain
// without a convolution beside the window passes block by block, since channels
// never meet in it; its buffers then hold one block.
//
//===----------------------------------------------------------------------===//

#include "codegen/kernels/Arithmetic.h"
#include "codegen/kernels/Contractions.h"
#include "codegen/kernels/ConvKernel.h"
#include "codegen/kernels/Epilogue.h"
#include "codegen/kernels/PlaneKernel.h"
#include "codegen/kernels/Strided.h"
#include "codegen/kernels/WindowKernel.h"
#include "dialects/Edge/EdgeScheduleOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/TypeSwitch.h"

#include <limits>

using namespace mlir;
using namespace edgecc;
using namespace edgecc::kernels;

namespace {

RankedTensorType resultOf(Operation *op) {
  return cast<RankedTensorType>(op->getResult(0).getType());
}

/// The window of a chain along one dimension, and its border.
struct WindowSize {
  int64_t extent, stride, low, high;
};

/// What is known of the chain before its buffers are.
struct BandPlan {
  BandPlan(edge::RowBandsOp op, target::CpuAttr cpu);

  /// Null where there is none.
  Operation *producer = nullptr, *consumer = nullptr;
  Operation *window;
  WindowSize lines, pixels;
  int64_t images, rows, bands;

  /// The buffer that the window reads, if there is a producer: blocks of
  /// `blockLanes` channels, each (bufferLines, bufferPixels, blockLanes).
  int64_t bufferLines, bufferPixels, blockLanes, blocks;
  /// Whether all bands of one block come before the next block.
  bool blockByBlock = false;
  /// Lines of the buffer by which it moves from band to band, and lines that
  /// stay.
  int64_t step, kept;
  /// What a border holds.
  double border = 0;

  SmallVector<MemRefType> scratch;
  /// Of the neighbours that are convolutions.
  std::optional<ConvPlan> producerPlan, consumerPlan;
};

} // namespace

/// The arguments that the kernel of `inner` alone would get, of those of the
/// chain. What it reads of the operation before is given.
static KernelArgs argsInChain(edge::RowBandsOp op, const KernelArgs &args,
                              Operation *inner, Value previous) {
  KernelArgs own;
  SmallVector<OpOperand *> inputs = op.getOuterOperands();
  for (OpOperand &operand : inner->getOpOperands()) {
    if (auto argument = dyn_cast<BlockArgument>(operand.get()))
      own.inputs.push_back(args.inputs[argument.getArgNumber()]);
    else if (constantOf(operand.get()))
      own.inputs.push_back(
          args.inputs[llvm::find(inputs, &operand) - inputs.begin()]);
    else
      own.inputs.push_back(previous);
  }
  own.outputs = args.outputs;
  return own;
}

/// What the border of a window holds.
static double borderOf(Operation *window) {
  auto pool = dyn_cast<edge::PoolOp>(window);
  return pool && pool.getKind() == edge::PoolKind::Max
             ? -std::numeric_limits<double>::infinity()
             : 0;
}

static Window windowOf(Operation *op, Emitter &e, const KernelArgs &args) {
  return TypeSwitch<Operation *, Window>(op).Case<edge::ConvOp, edge::PoolOp>(
      [&](auto window) { return kernels::windowOf(window, e, args); });
}

/// The scratch of a convolution inside of the chain.
static SmallVector<MemRefType> scratchOf(Operation *op,
                                         const std::optional<ConvPlan> &plan) {
  if (!plan || plan->usesDotProducts)
    return {};
  return contractionScratch(op, plan->tiles, plan->accumulator);
}

BandPlan::BandPlan(edge::RowBandsOp op, target::CpuAttr cpu) {
  SmallVector<Operation *> chain = op.getChain();
  window = op.getWindow();
  if (window != chain.front())
    producer = chain.front();
  if (window != chain.back())
    consumer = chain.back();
  if (auto conv = dyn_cast_or_null<edge::ConvOp>(producer))
    producerPlan.emplace(conv, cpu);
  if (auto conv = dyn_cast_or_null<edge::ConvOp>(consumer))
    consumerPlan.emplace(conv, cpu);
  auto sizeOf = [&](auto windowOp, ArrayRef<int64_t> kernel, int64_t dim) {
    return WindowSize{windowOp.getDilation(dim) * (kernel[dim] - 1) + 1,
                      windowOp.getStrides()[dim], windowOp.getPadsLow()[dim],
                      windowOp.getPadsHigh()[dim]};
  };
  if (auto conv = dyn_cast<edge::ConvOp>(window)) {
    auto kernel = cast<ShapedType>(conv.getWeights().getType()).getShape();
    lines = sizeOf(conv, kernel, 0);
    pixels = sizeOf(conv, kernel, 1);
  } else {
    auto pool = cast<edge::PoolOp>(window);
    lines = sizeOf(pool, pool.getKernel(), 0);
    pixels = sizeOf(pool, pool.getKernel(), 1);
  }
  border = borderOf(window);
  ArrayRef<int64_t> output = resultOf(window).getShape();
  images = output[0];
  rows = op.getRows();
  bands = output[1] / rows;

  Type element = storageType(resultOf(window).getElementType());
  if (producer) {
    RankedTensorType input = resultOf(producer);
    Type inputElement = storageType(input.getElementType());
    Type multiplied =
        productType(cpu, input.getElementType(), input.getElementType());
    step = rows * lines.stride;
    kept = std::max<int64_t>(lines.extent - lines.stride, 0);
    bufferLines = (rows - 1) * lines.stride + lines.extent;
    bufferPixels = input.getDimSize(2) + pixels.low + pixels.high;
    // Vectors of the producer must not cross blocks; those of a group begin
    // anywhere, so that all channels are one block then.
    int64_t channels = input.getShape().back();
    blockLanes = vectorLength(cpu, multiplied);
    if (producerPlan)
      blockLanes =
          producerPlan->groups > 1 ? channels : producerPlan->tiles.lanes;
    blocks = llvm::divideCeil(channels, blockLanes);
    blockByBlock = !producerPlan && !consumerPlan;
    int64_t buffered = blockByBlock ? 1 : blocks;
    scratch.push_back(MemRefType::get(
        {buffered * bufferLines * bufferPixels * blockLanes}, inputElement));
  }
  if (consumer)
    scratch.push_back(MemRefType::get(
        {1, rows, output[2], blockByBlock ? blockLanes : output[3]}, element));
  llvm::append_range(scratch, scratchOf(producer, producerPlan));
  llvm::append_range(scratch, scratchOf(consumer, consumerPlan));
}

namespace {

class BandEmitter {
public:
  BandEmitter(edge::RowBandsOp op, Emitter &e, const KernelArgs &args);
  void emit();

private:
  KernelArgs argsOf(Operation *inner, Value previous) {
    return argsInChain(op, args, inner, previous);
  }
  void fillBuffer(Value firstLine, Value endLine, int64_t firstPixel,
                  int64_t pixelCount);
  /// Emits `body` for every block of the channels at hand: its number, and how
  /// many channels it has.
  void forBlocks(function_ref<void(Value block, int64_t channels)> body);
  /// All bands of all images, for the channels at hand.
  void overImages();
  /// `isFirst`: whether nothing is there of the band before; null if that is
  /// band 0.
  void moveBuffer(Value band, Value isFirst);
  void produce(Value image, Value band, Value isFirst);
  /// Computes the lines from `begin` up to `end` into the buffer, which begins
  /// with line `top`.
  void computeLines(Value image, Value begin, Value end, Value top);
  void transposeLines(Value image, Value begin, Value end, Value top);
  void slide(Value image, Value band);
  void consume(Value image, Value band);
  void transposeResult(Value image, Value band);
  /// The line of the result that is number `line` of `band`.
  Value lineOf(Value band, Value line) {
    return e.add(e.mul(band, plan.rows), line);
  }

  edge::RowBandsOp op;
  Emitter &e;
  const KernelArgs &args;
  BandPlan plan;
  ChannelBlocks blocks;
  /// What the window reads if there is a producer, and what it writes if there
  /// is a consumer.
  Value buffer, result;
  /// The channels at hand: all of them, or those of a block.
  Value firstChannel;
  int64_t channels;
  ArrayRef<Value> producerScratch, consumerScratch;
};

} // namespace

BandEmitter::BandEmitter(edge::RowBandsOp op, Emitter &e,
                         const KernelArgs &args)
    : op(op), e(e), args(args), plan(op, e.cpu) {
  firstChannel = e.index(0);
  channels = resultOf(plan.window).getShape().back();
  ArrayRef<Value> scratch = args.scratch;
  if (plan.producer) {
    buffer = scratch.consume_front();
    blocks.lanes = plan.blockLanes;
    blocks.stride = plan.bufferLines * plan.bufferPixels * plan.blockLanes;
  }
  if (plan.consumer)
    result = scratch.consume_front();
  size_t count = scratchOf(plan.producer, plan.producerPlan).size();
  producerScratch = scratch.take_front(count);
  consumerScratch = scratch.drop_front(count);
}

void BandEmitter::forBlocks(
    function_ref<void(Value block, int64_t channels)> body) {
  int64_t whole = channels / plan.blockLanes;
  int64_t rest = channels % plan.blockLanes;
  e.parallelLoop(0, whole, 1,
                 [&](Value block) { body(block, plan.blockLanes); });
  if (rest)
    e.parallelLoop(whole, whole + 1, 1,
                   [&](Value block) { body(block, rest); });
}

void BandEmitter::fillBuffer(Value firstLine, Value endLine, int64_t firstPixel,
                             int64_t pixelCount) {
  if (!pixelCount)
    return;
  Type element = cast<MemRefType>(buffer.getType()).getElementType();
  TypedAttr filler =
      isa<FloatType>(element)
          ? TypedAttr(e.getFloatAttr(element, plan.border))
          : TypedAttr(e.getIntegerAttr(
                element,
                plan.border
                    ? APInt::getSignedMinValue(element.getIntOrFloatBitWidth())
                    : APInt(element.getIntOrFloatBitWidth(), 0)));
  Value value = e.constant(filler);
  int64_t pitch = plan.bufferPixels * plan.blockLanes;
  forBlocks([&](Value block, int64_t) {
    emitLoop(e, firstLine, endLine, 1, [&](Value line) {
      Value start =
          e.add(e.add(e.mul(block, blocks.stride), e.mul(line, pitch)),
                firstPixel * plan.blockLanes);
      emitFill(e, {pixelCount * plan.blockLanes}, value,
               {buffer, start, {1}, element});
    });
  });
}

void BandEmitter::moveBuffer(Value band, Value isFirst) {
  if (!plan.kept || plan.bands == 1)
    return;
  Value isLater =
      isFirst
          ? arith::XOrIOp::create(e, isFirst, e.constant(e.getBoolAttr(true)))
                .getResult()
          : arith::CmpIOp::create(e, arith::CmpIPredicate::ne, band, e.index(0))
                .getResult();
  auto branch = scf::IfOp::create(e, isLater, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(e);
  e.setInsertionPoint(branch.thenBlock()->getTerminator());
  int64_t pitch = plan.bufferPixels * plan.blockLanes;
  Type element = cast<MemRefType>(buffer.getType()).getElementType();
  // A line at a time from the front: the old place of a line may be the new one
  // of another, which is written later.
  forBlocks([&](Value block, int64_t) {
    e.loop(0, plan.kept, 1, [&](Value line) {
      Value to = e.add(e.mul(block, blocks.stride), e.mul(line, pitch));
      Value from = e.add(to, plan.step * pitch);
      emitCopy(e, {pitch}, {buffer, from, {1}, element},
               {buffer, to, {1}, element});
    });
  });
}

void BandEmitter::produce(Value image, Value band, Value isFirst) {
  int64_t lines = resultOf(plan.producer).getDimSize(1);

  // In the buffer of a band, line `l` is at `l + low - band * step`.
  Value top = e.add(e.mul(band, plan.step), -plan.lines.low);
  Value all = e.index(lines), begin = e.index(0);
  auto before = [&](int64_t count) {
    return e.createOrFold<arith::MinSIOp>(e.add(top, count), all);
  };
  Value end = before(plan.bufferLines);
  if (isFirst)
    begin = e.createOrFold<arith::MaxSIOp>(begin, top);
  else if (plan.bands > 1)
    isFirst =
        e.createOrFold<arith::CmpIOp>(arith::CmpIPredicate::eq, band, begin);
  if (isFirst)
    begin = e.createOrFold<arith::SelectOp>(isFirst, begin, before(plan.kept));
  if (plan.producerPlan)
    computeLines(image, begin, end, top);
  else
    transposeLines(image, begin, end, top);

  // Below the last line.
  if (plan.lines.low + lines >= (plan.bands - 1) * plan.step + plan.bufferLines)
    return;
  Value size = e.index(plan.bufferLines);
  Value below = e.createOrFold<arith::SubIOp>(all, top);
  below = e.createOrFold<arith::MinSIOp>(below, size);
  below = e.createOrFold<arith::MaxSIOp>(below, e.index(0));
  fillBuffer(below, size, 0, plan.bufferPixels);
}

void BandEmitter::computeLines(Value image, Value begin, Value end, Value top) {
  auto conv = cast<edge::ConvOp>(plan.producer);
  KernelArgs own = argsOf(conv, {});
  own.scratch.assign(producerScratch.begin(), producerScratch.end());
  ArrayRef<int64_t> shape = resultOf(conv).getShape();
  ConvEmitter emitter(conv, e, own, *plan.producerPlan, shape[1], shape[2]);
  emitter.setOnePanelAtATime();
  // One band has no place for lines that the window does not come to.
  if (plan.bands > 1 || plan.bufferLines < plan.lines.low + shape[1])
    emitter.setLines(begin, end);
  Value pitch = e.index(plan.bufferPixels * plan.blockLanes);
  emitter.emit({image}, [&](Value value, Value line, Value pixel,
                            Value channel) {
    value = applyEpilogue(e, conv, own, value, {image, line, pixel, channel});
    Value at = e.createOrFold<arith::SubIOp>(line, top);
    at = e.createOrFold<arith::MulIOp>(at, pitch);
    at = e.add(at, e.mul(e.add(pixel, plan.pixels.low), plan.blockLanes));
    e.store(value, buffer, e.add(at, blocks.offsetOf(e, channel)));
  });
}

void BandEmitter::transposeLines(Value image, Value begin, Value end,
                                 Value top) {
  RankedTensorType type = resultOf(plan.producer);
  int64_t pixels = type.getDimSize(2);
  Access from = accessAll(e, argsOf(plan.producer, {}).inputs[0],
                          storageType(type.getElementType()));
  ArrayRef<int64_t> strides = from.strides;
  Value source = e.add(from.start, e.mul(image, strides[0]));
  source = e.add(source, e.mul(firstChannel, strides[1]));
  forBlocks([&](Value block, int64_t lanes) {
    emitLoop(e, begin, end, 1, [&](Value line) {
      Value start = e.add(source, e.mul(block, plan.blockLanes * strides[1]));
      start = e.add(start, e.mul(line, strides[2]));
      Value at = e.mul(e.createOrFold<arith::SubIOp>(line, top),
                       plan.bufferPixels * plan.blockLanes);
      at = e.add(e.add(at, e.mul(block, blocks.stride)),
                 plan.pixels.low * plan.blockLanes);
      emitCopy(e, {pixels, lanes},
               {from.buffer, start, {strides[3], strides[1]}, from.element},
               {buffer, at, {plan.blockLanes, 1}, from.element});
    });
  });
}

void BandEmitter::slide(Value image, Value band) {
  KernelArgs own = argsOf(plan.window, buffer);
  Window w = windowOf(plan.window, e, own);
  w.shape[0] = 1;
  w.shape[1] = plan.rows;
  if (buffer) {
    w.firstChannel = firstChannel;
    w.shape.back() = channels;
    w.input = flatOperand(e, buffer);
    w.inputBlocks = blocks;
    w.inputStrides = {0, plan.bufferPixels * plan.blockLanes, plan.blockLanes,
                      1};
  } else {
    Value start =
        e.add(e.mul(image, w.inputStrides[0]),
              e.mul(band, plan.rows * plan.lines.stride * w.inputStrides[1]));
    w.input.base = e.add(w.input.base, start);
  }
  // Sums may be in a narrower type than the epilogue.
  Type sum = edge::accumulatorType(w.inputType);
  w.store = [&](Value value, ValueRange at) {
    if (isa<FloatType>(sum))
      value = convert(e, value, sum);
    SmallVector<Value> indices{image, lineOf(band, at[1]), at[2], at[3]};
    if (!result)
      return e.storeResult(plan.window, own, value, indices);
    value = applyEpilogue(e, plan.window, own, value, indices);
    Value channel = e.createOrFold<arith::SubIOp>(at[3], firstChannel);
    e.store(value, result, {at[0], at[1], at[2], channel});
  };
  emitWindow(e, w);
}

void BandEmitter::transposeResult(Value image, Value band) {
  ArrayRef<int64_t> shape = resultOf(plan.window).getShape();
  Type element = storageType(resultOf(plan.window).getElementType());
  Access from = accessAll(e, result, element);
  ArrayRef<int64_t> strides = from.strides;
  from.strides = SmallVector<int64_t>{strides[3], strides[1], strides[2]};
  Access to = accessAll(e, args.outputs[0], element);
  Value start = e.add(to.start, e.mul(image, to.strides[0]));
  start = e.add(start, e.mul(firstChannel, to.strides[1]));
  to.start = e.add(start, e.mul(band, plan.rows * to.strides[2]));
  to.strides.erase(to.strides.begin());
  emitCopy(e, {channels, plan.rows, shape[2]}, from, to);
}

void BandEmitter::consume(Value image, Value band) {
  if (!plan.consumerPlan)
    return transposeResult(image, band);
  auto conv = cast<edge::ConvOp>(plan.consumer);
  KernelArgs own = argsOf(conv, result);
  own.scratch.assign(consumerScratch.begin(), consumerScratch.end());
  ArrayRef<int64_t> shape = resultOf(conv).getShape();
  if (std::optional<KernelArgs> joined = joinRows(e, conv, own)) {
    Value start = e.add(e.mul(image, shape[1]), e.mul(band, plan.rows));
    start = e.mul(start, shape[2]);
    ConvEmitter emitter(conv, e, *joined, *plan.consumerPlan, 1,
                        plan.rows * shape[2]);
    emitter.emit(
        {e.index(0)}, [&](Value value, Value line, Value pixel, Value channel) {
          e.storeResult(conv, *joined, value,
                        {e.index(0), line, e.add(start, pixel), channel});
        });
    return;
  }
  ConvEmitter emitter(conv, e, own, *plan.consumerPlan, plan.rows, shape[2]);
  emitter.setLineTiles();
  emitter.emit({e.index(0)},
               [&](Value value, Value line, Value pixel, Value channel) {
                 e.storeResult(conv, own, value,
                               {image, lineOf(band, line), pixel, channel});
               });
}

void BandEmitter::emit() {
  if (!plan.blockByBlock)
    return e.phase([&] { overImages(); });
  e.phase([&] {
    forBlocks([&](Value block, int64_t count) {
      firstChannel = e.mul(block, plan.blockLanes);
      channels = count;
      overImages();
    });
  });
}

void BandEmitter::overImages() {
  if (plan.producer) {
    // Nothing is written to the borders on both sides.
    e.sequentially([&] {
      Value begin = e.index(0), end = e.index(plan.bufferLines);
      fillBuffer(begin, end, 0, plan.pixels.low);
      fillBuffer(begin, end, plan.bufferPixels - plan.pixels.high,
                 plan.pixels.high);
    });
  }
  e.parallelLoop(0, plan.images, 1, [&](Value image) {
    if (plan.producer)
      e.sequentially([&] {
        fillBuffer(e.index(0), e.index(plan.lines.low), 0, plan.bufferPixels);
      });
    e.stretchLoop(0, plan.bands, 1, [&](Value band, Value isFirst) {
      if (plan.producer) {
        moveBuffer(band, isFirst);
        produce(image, band, isFirst);
      }
      slide(image, band);
      if (plan.consumer)
        consume(image, band);
    });
  });
}

/// Emits a chain that passes over the planes of its channels as they lie.
static void emitPlanar(edge::RowBandsOp op, Emitter &e,
                       const KernelArgs &args) {
  Operation *window = op.getWindow();
  Value input = argsInChain(op, args, op.getChain().front(), {}).inputs[0];
  Value result = args.outputs[0];
  KernelArgs own = argsInChain(op, args, window, input);

  PlaneWindow planes;
  planes.window = windowOf(window, e, own);
  assert(stridesOf(input)[3] == 1 && stridesOf(result)[3] == 1 &&
         "pixels lie side by side");
  auto shape = cast<MemRefType>(input.getType()).getShape();
  planes.extents = {shape[2], shape[3]};
  ArrayRef<int64_t> low = TypeSwitch<Operation *, ArrayRef<int64_t>>(window)
                              .Case<edge::ConvOp, edge::PoolOp>([](auto inner) {
                                return inner.getPadsLow();
                              });
  planes.padsLow = {low[0], low[1]};
  planes.border = borderOf(window);
  SmallVector<Value> position, operands;
  planes.beginPlane = [&](Value image, Value channel) {
    position = {image, channel};
    Value first = e.index(0);
    operands =
        loadEpilogueOperands(e, window, own, {image, first, first, channel}, 1);
  };
  planes.store = [&](Value value, Value line, Value pixel) {
    value = applyEpilogue(e, window, value, operands);
    e.store(value, result, {position[0], position[1], line, pixel});
  };
  e.phase([&] { emitPlanes(e, planes); });
}

namespace {

struct RowBandsKernel
    : KernelOpInterface::ExternalModel<RowBandsKernel, edge::RowBandsOp> {
  LogicalResult emitKernel(Operation *op, OpBuilder &builder,
                           const KernelArgs &args, target::CpuAttr cpu) const {
    Emitter emitter(builder, op->getLoc(), cpu);
    auto bands = cast<edge::RowBandsOp>(op);
    if (bands.getPlanar())
      emitPlanar(bands, emitter, args);
    else
      BandEmitter(bands, emitter, args).emit();
    return success();
  }

  SmallVector<MemRefType> getScratch(Operation *op, target::CpuAttr cpu) const {
    auto bands = cast<edge::RowBandsOp>(op);
    if (bands.getPlanar())
      return {};
    return BandPlan(bands, cpu).scratch;
  }
};

} // namespace

void kernels::attachRowBandsKernel(MLIRContext &context) {
  edge::RowBandsOp::attachInterface<RowBandsKernel>(context);
}
