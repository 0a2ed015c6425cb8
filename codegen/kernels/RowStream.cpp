//===- RowStream.cpp - operations a few rows at a time ----------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Each operation of the stream is a kernel of its own, as it would be for so
// few rows alone, which is called again and again. What an `edge.row_window`
// gives lies in a buffer, border included: before the next rows are computed
// into it, those that are needed again move to its front. All that is alive as
// a whole are the operands and the result, which may share memory.
//
//===----------------------------------------------------------------------===//

#include "codegen/kernels/Contractions.h"
#include "codegen/kernels/Emit.h"
#include "codegen/kernels/GemmKernel.h"
#include "dialects/Edge/EdgeScheduleOps.h"
#include "dialects/Target/Alignment.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::kernels;

static MemRefType slabType(Value tensor) {
  return storageType(cast<RankedTensorType>(tensor.getType()));
}

static int64_t bytesOf(MemRefType type) {
  return type.getNumElements() * storageBytes(type.getElementType());
}

static SmallVector<int64_t> stridesOf(MemRefType type) {
  return type.getStridesAndOffset().first;
}

/// Elements from the first to the last one.
static int64_t spanOf(MemRefType type) {
  int64_t span = 1;
  for (auto [size, stride] : llvm::zip(type.getShape(), stridesOf(type)))
    span += (size - 1) * stride;
  return span;
}

/// The rows that the window `op` keeps.
static MemRefType windowBuffer(edge::RowWindowOp op) {
  MemRefType type = slabType(op.getResult());
  return MemRefType::get(
      {op.getKeptRows() * type.getDimSize(2) * type.getDimSize(3)},
      type.getElementType());
}

/// The operations whose results lie in a buffer of their own.
static SmallVector<Operation *> bufferedOperations(edge::RowStreamOp op) {
  SmallVector<Operation *> buffered;
  for (Operation *inner : op.getOperations()) {
    Operation *reader = *inner->getResult(0).user_begin();
    if (!isa<edge::RowWindowOp, edge::YieldOp>(reader))
      buffered.push_back(inner);
  }
  return buffered;
}

/// Where the scratch buffers of `op` lie in the bytes that all operations
/// share.
static SmallVector<int64_t> scratchOffsets(ArrayRef<MemRefType> scratch,
                                           target::CpuAttr cpu, int64_t &end) {
  SmallVector<int64_t> offsets;
  end = 0;
  for (MemRefType type : scratch) {
    offsets.push_back(end);
    end = llvm::alignTo(end + bytesOf(type), target::bufferAlignment(cpu));
  }
  return offsets;
}

static func::FuncOp parentFunction(Block *block) {
  if (auto function = dyn_cast<func::FuncOp>(block->getParentOp()))
    return function;
  return block->getParentOp()->getParentOfType<func::FuncOp>();
}

namespace {

/// Rows in memory: `type` has no offset, and begins at `start` of `bytes`.
struct Rows {
  Value bytes, start;
  MemRefType type;
};

class StreamEmitter {
public:
  StreamEmitter(edge::RowStreamOp op, Emitter &e, const KernelArgs &args);
  LogicalResult emit();

private:
  /// All of `memref` as bytes.
  Value flatten(Value memref);
  Value view(const Rows &rows);
  /// The rows of `memref` that come for the time `count`, of the shape of
  /// `slab`.
  Rows slabOf(Value memref, Value slab, Value count);
  /// Computes, or finds, what `value` is for the time `count`.
  Rows read(Value value, Value count);
  void compute(Operation *op, Value count, const Rows &result);
  void advance(edge::RowWindowOp window, Value count);
  /// How many operands have come before the window is there for the time
  /// `count` + 1.
  Value needed(edge::RowWindowOp window, Value count);
  void copy(Value from, Value fromStart, Value to, Value toStart, int64_t size);
  void fill(Value to, Value start, int64_t size, int64_t value);
  /// Emits `body(offset, size)` for pieces of `size` bytes.
  void inPieces(int64_t size,
                llvm::function_ref<void(Value offset, int64_t size)> body);
  Value pointer(Value bytes, Value start);

  edge::RowStreamOp op;
  Emitter &e;
  const KernelArgs &args;
  llvm::DenseMap<OpOperand *, Value> constants;
  llvm::DenseMap<Operation *, Value> buffers;
  Value shared;
  unsigned kernelCount = 0;
  bool hasFailed = false;
};

} // namespace

StreamEmitter::StreamEmitter(edge::RowStreamOp op, Emitter &e,
                             const KernelArgs &args)
    : op(op), e(e), args(args) {
  for (auto [operand, memref] :
       llvm::zip_equal(op.getOuterOperands(), args.inputs))
    constants[operand] = memref;
  ArrayRef<Value> scratch = args.scratch;
  op.getBody().walk([&](edge::RowWindowOp window) {
    buffers[window] = scratch.consume_front();
  });
  for (Operation *inner : bufferedOperations(op))
    buffers[inner] = scratch.consume_front();
  shared = scratch.front();
}

LogicalResult StreamEmitter::emit() {
  Value yielded = op.getYielded();
  e.loop(0, op.getTrips(), 1, [&](Value count) {
    compute(yielded.getDefiningOp(), count,
            slabOf(args.outputs[0], yielded, count));
  });
  return failure(hasFailed);
}

Value StreamEmitter::flatten(Value memref) {
  auto type = cast<MemRefType>(memref.getType());
  if (type.getRank() == 1)
    return memref;
  return memref::ReinterpretCastOp::create(
      e, MemRefType::get({spanOf(type)}, type.getElementType()), memref,
      /*offset=*/0, ArrayRef<int64_t>{spanOf(type)}, ArrayRef<int64_t>{1});
}

Value StreamEmitter::view(const Rows &rows) {
  Type element = rows.type.getElementType();
  if (rows.type.getLayout().isIdentity())
    return memref::ViewOp::create(e, rows.type, rows.bytes, rows.start,
                                  ValueRange());
  Value flat =
      memref::ViewOp::create(e, MemRefType::get({spanOf(rows.type)}, element),
                             rows.bytes, rows.start, ValueRange());
  return memref::ReinterpretCastOp::create(e, rows.type, flat, /*offset=*/0,
                                           rows.type.getShape(),
                                           stridesOf(rows.type));
}

Rows StreamEmitter::slabOf(Value memref, Value slab, Value count) {
  auto type = cast<MemRefType>(memref.getType());
  MemRefType rows = slabType(slab);
  SmallVector<int64_t> strides = stridesOf(type);
  bool isContiguous = type.getLayout().isIdentity();
  if (!isContiguous)
    rows = MemRefType::get(
        rows.getShape(), rows.getElementType(),
        StridedLayoutAttr::get(e.getContext(), /*offset=*/0, strides));
  return {flatten(memref), e.mul(count, rows.getDimSize(1) * strides[1]), rows};
}

Rows StreamEmitter::read(Value value, Value count) {
  if (auto argument = dyn_cast<BlockArgument>(value))
    return slabOf(args.inputs[argument.getArgNumber()], value, count);
  Operation *producer = value.getDefiningOp();
  Rows rows{buffers.at(producer), e.index(0), slabType(value)};
  if (auto window = dyn_cast<edge::RowWindowOp>(producer))
    advance(window, count);
  else
    compute(producer, count, rows);
  return rows;
}

void StreamEmitter::compute(Operation *inner, Value count, const Rows &result) {
  SmallVector<Value> arguments;
  SmallVector<Rows> operands(inner->getNumOperands());
  for (OpOperand &operand : inner->getOpOperands())
    if (!constants.contains(&operand))
      operands[operand.getOperandNumber()] = read(operand.get(), count);
  for (OpOperand &operand : inner->getOpOperands())
    arguments.push_back(constants.contains(&operand)
                            ? constants[&operand]
                            : view(operands[operand.getOperandNumber()]));
  arguments.push_back(view(result));
  auto kernel = cast<KernelOpInterface>(inner);
  SmallVector<MemRefType> scratch = kernel.getScratch(e.cpu);
  int64_t end;
  for (auto [type, offset] :
       llvm::zip_equal(scratch, scratchOffsets(scratch, e.cpu, end)))
    arguments.push_back(view({shared, e.index(offset), type}));

  func::FuncOp function;
  {
    auto caller = parentFunction(e.getInsertionBlock());
    OpBuilder::InsertionGuard guard(e);
    e.setInsertionPointAfter(caller);
    std::string name = (caller.getSymName() + "_" + Twine(kernelCount++)).str();
    function = func::FuncOp::create(
        e, name, e.getFunctionType(TypeRange(ValueRange(arguments)), {}));
    function.setPrivate();
    OpBuilder inside = OpBuilder::atBlockEnd(function.addEntryBlock());
    ValueRange formals = function.getArguments();
    KernelArgs own;
    size_t inputs = inner->getNumOperands();
    own.inputs.assign(formals.begin(), formals.begin() + inputs);
    own.outputs.push_back(formals[inputs]);
    own.scratch.assign(formals.begin() + inputs + 1, formals.end());
    hasFailed |= failed(kernel.emitKernel(inside, own, e.cpu));
    func::ReturnOp::create(inside, inner->getLoc());
  }
  func::CallOp::create(e, function, arguments);
}

Value StreamEmitter::needed(edge::RowWindowOp window, Value count) {
  int64_t rows = window.getInputRows();
  Value end = e.add(e.mul(count, window.getStep()),
                    window.getRows() - window.getLow()[0] + rows - 1);
  if (rows > 1)
    end = e.createOrFold<arith::DivSIOp>(end, e.index(rows));
  return e.createOrFold<arith::MinSIOp>(end, e.index(window.getLines() / rows));
}

void StreamEmitter::advance(edge::RowWindowOp window, Value count) {
  Value buffer = buffers.at(window);
  int64_t kept = window.getKeptRows(), step = window.getStep();
  int64_t low = window.getLow()[0], left = window.getLow()[1];
  int64_t lines = window.getLines();
  MemRefType inputType = slabType(window.getInput());
  int64_t channels = inputType.getShape().back();
  int64_t pitch = slabType(window.getResult()).getDimSize(2) * channels;
  int64_t filler = window.getValue().convertToDouble();
  bool hasBorder = low || left || window.getHigh()[0] || window.getHigh()[1];

  Value isFirst = e.createOrFold<arith::CmpIOp>(arith::CmpIPredicate::eq, count,
                                                e.index(0));
  auto branch = scf::IfOp::create(e, isFirst, /*withElseRegion=*/true);
  {
    OpBuilder::InsertionGuard guard(e);
    e.setInsertionPoint(branch.thenBlock()->getTerminator());
    if (hasBorder)
      fill(buffer, e.index(0), kept * pitch, filler);
    e.setInsertionPoint(branch.elseBlock()->getTerminator());
    // A line at a time from the front: the old place of one may be the new one
    // of another.
    e.loop(0, std::max<int64_t>(kept - step, 0), 1, [&](Value line) {
      Value to = e.mul(line, pitch);
      copy(buffer, e.add(to, step * pitch), buffer, to, pitch);
    });
  }

  // In the buffer, line `l` is at `l + low - count * step`.
  Value top = e.add(e.mul(count, step), -low);
  auto lineAt = [&](Value line) {
    Value at = e.createOrFold<arith::SubIOp>(line, top);
    return e.createOrFold<arith::MulIOp>(at, e.index(pitch));
  };
  Value begin = e.createOrFold<arith::SelectOp>(
      isFirst, e.index(0), needed(window, e.add(count, -1)));
  emitLoop(e, begin, needed(window, count), 1, [&](Value slab) {
    Value start =
        e.add(lineAt(e.mul(slab, window.getInputRows())), left * channels);
    if (auto argument = dyn_cast<BlockArgument>(window.getInput())) {
      Rows from = slabOf(args.inputs[argument.getArgNumber()], argument, slab);
      int64_t rowBytes = inputType.getDimSize(2) * channels;
      int64_t inputPitch =
          kernels::stridesOf(args.inputs[argument.getArgNumber()])[1];
      e.loop(0, window.getInputRows(), 1, [&](Value row) {
        copy(from.bytes, e.add(from.start, e.mul(row, inputPitch)), buffer,
             e.add(start, e.mul(row, pitch)), rowBytes);
      });
      return;
    }
    auto type =
        MemRefType::get(inputType.getShape(), inputType.getElementType(),
                        StridedLayoutAttr::get(e.getContext(), /*offset=*/0,
                                               {pitch * inputType.getDimSize(1),
                                                pitch, channels, 1}));
    compute(window.getInput().getDefiningOp(), slab, {buffer, start, type});
  });

  // Below the last line.
  if (!window.getHigh()[0])
    return;
  Value below = e.createOrFold<arith::SubIOp>(e.index(lines), top);
  emitLoop(e, below, e.index(window.getRows()), 1, [&](Value line) {
    fill(buffer, e.mul(line, pitch), pitch, filler);
  });
}

Value StreamEmitter::pointer(Value bytes, Value start) {
  Value base = memref::ExtractAlignedPointerAsIndexOp::create(e, bytes);
  Type word = e.getIntegerType(e.cpu.getIndexBits());
  Value address = arith::IndexCastOp::create(e, word, e.add(base, start));
  return LLVM::IntToPtrOp::create(e, LLVM::LLVMPointerType::get(e.getContext()),
                                  address);
}

void StreamEmitter::inPieces(int64_t size,
                             llvm::function_ref<void(Value, int64_t)> body) {
  constexpr int64_t piece = 16;
  int64_t whole = size / piece * piece;
  e.loop(0, whole, piece, [&](Value at) { body(at, piece); });
  if (whole < size)
    body(e.index(whole), size - whole);
}

void StreamEmitter::copy(Value from, Value fromStart, Value to, Value toStart,
                         int64_t size) {
  inPieces(size, [&](Value at, int64_t count) {
    LLVM::MemcpyInlineOp::create(e, pointer(to, e.add(toStart, at)),
                                 pointer(from, e.add(fromStart, at)),
                                 e.getI32IntegerAttr(count),
                                 /*isVolatile=*/false);
  });
}

void StreamEmitter::fill(Value to, Value start, int64_t size, int64_t value) {
  Value byte = e.constant(e.getI8IntegerAttr(static_cast<int8_t>(value)));
  inPieces(size, [&](Value at, int64_t count) {
    LLVM::MemsetInlineOp::create(e, pointer(to, e.add(start, at)), byte,
                                 e.getI32IntegerAttr(count),
                                 /*isVolatile=*/false);
  });
}

namespace {

struct RowStreamKernel
    : KernelOpInterface::ExternalModel<RowStreamKernel, edge::RowStreamOp> {
  LogicalResult emitKernel(Operation *operation, OpBuilder &builder,
                           const KernelArgs &args, target::CpuAttr cpu) const {
    Emitter emitter(builder, operation->getLoc(), cpu);
    LogicalResult result =
        StreamEmitter(cast<edge::RowStreamOp>(operation), emitter, args).emit();
    builder.restoreInsertionPoint(emitter.saveInsertionPoint());
    return result;
  }

  SmallVector<MemRefType> getScratch(Operation *operation,
                                     target::CpuAttr cpu) const {
    auto op = cast<edge::RowStreamOp>(operation);
    SmallVector<MemRefType> scratch;
    op.getBody().walk([&](edge::RowWindowOp window) {
      scratch.push_back(windowBuffer(window));
    });
    for (Operation *inner : bufferedOperations(op))
      scratch.push_back(
          MemRefType::get({bytesOf(slabType(inner->getResult(0)))},
                          IntegerType::get(op.getContext(), 8)));
    int64_t shared = 0;
    for (Operation *inner : op.getOperations()) {
      int64_t end;
      scratchOffsets(cast<KernelOpInterface>(inner).getScratch(cpu), cpu, end);
      shared = std::max(shared, end);
    }
    scratch.push_back(
        MemRefType::get({shared}, IntegerType::get(op.getContext(), 8)));
    return scratch;
  }

  std::optional<int64_t> getOverlapDistance(Operation *operation,
                                            unsigned index, MemRefType operand,
                                            MemRefType result,
                                            target::CpuAttr) const {
    auto op = cast<edge::RowStreamOp>(operation);
    if (index >= op.getInputs().size())
      return std::nullopt;
    Value yielded = op.getYielded();
    int64_t rows = slabType(yielded).getDimSize(1), distance = 0;
    int64_t pitch = stridesOf(result)[1];
    int64_t line = (result.getDimSize(2) - 1) * stridesOf(result)[2] +
                   result.getDimSize(3);
    // All arguments that are rows of this operand.
    for (auto [i, input] : llvm::enumerate(op.getInputs())) {
      if (input != op.getInputs()[index])
        continue;
      bool isReadLast = llvm::is_contained(
          yielded.getDefiningOp()->getOperands(), op.getBody().getArgument(i));
      for (int64_t trip = 0; trip < op.getTrips(); ++trip) {
        int64_t next = op.getNextRow(yielded, isReadLast ? trip : trip + 1, i);
        if (next < operand.getDimSize(1))
          distance = std::max(distance, ((trip + 1) * rows - 1) * pitch + line -
                                            next * stridesOf(operand)[1]);
      }
    }
    return distance;
  }
};

} // namespace

void kernels::attachRowStreamKernel(MLIRContext &context) {
  edge::RowStreamOp::attachInterface<RowStreamKernel>(context);
}
