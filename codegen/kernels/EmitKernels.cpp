//===- EmitKernels.cpp - operations become calls of kernels -----*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/Buffers.h"
#include "codegen/kernels/Emit.h"
#include "codegen/kernels/GemmKernel.h"
#include "codegen/kernels/NpuCall.h"
#include "codegen/kernels/Passes.h"
#include "codegen/kernels/Strided.h"
#include "codegen/kernels/WeightPattern.h"
#include "codegen/kernels/WindowKernel.h"
#include "dialects/Edge/EdgeScheduleOps.h"
#include "dialects/Edge/ValueNames.h"
#include "dialects/Target/Alignment.h"
#include "dialects/Target/MemoryMap.h"
#include "dialects/Target/Threads.h"
#include "passes/Layout/Layouts.h"
#include "passes/Memory/FunctionBuffers.h"

#include "mlir/Dialect/AMX/AMXDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

namespace edgecc::kernels {
#define GEN_PASS_DEF_EMITKERNELS
#include "codegen/kernels/Passes.h.inc"
} // namespace edgecc::kernels

using namespace mlir;
using namespace edgecc;
using namespace edgecc::kernels;

target::CpuAttr kernels::requireCpu(ModuleOp module) {
  target::CpuAttr cpu = target::getCpu(module);
  if (!cpu)
    module.emitError("expects the attribute '") << target::cpuAttrName << "'";
  return cpu;
}

/// Whether the result of `op` is nowhere in memory.
static bool isComputedByReader(Operation *op) {
  if (!isa<edge::MapOp>(op) || !op->hasOneUse())
    return false;
  auto pool = dyn_cast<edge::PoolOp>(*op->user_begin());
  return pool && mapOfInput(pool) == op;
}

/// Whether all that reads the part of a tensor reads it where it is: no place
/// is waiting for it, and nobody wants it contiguous.
static bool isReadInPlace(edge::SliceOp op) {
  auto isOne = [](int64_t stride) { return stride == 1; };
  return llvm::all_of(op.getStrides(), isOne) &&
         llvm::all_of(op->getUsers(), [&](Operation *user) {
           return user->getBlock() == op->getBlock() &&
                  isa<edge::ConvOp, edge::PoolOp, edge::MapOp, edge::ReduceOp>(
                      user);
         });
}

/// What the kernel of `op` reads, in order: its operands, then the constants
/// inside of a chain.
static SmallVector<OpOperand *> kernelInputs(Operation *op) {
  if (auto bands = dyn_cast<edge::RowBandsOp>(op))
    return bands.getOuterOperands();
  if (auto stream = dyn_cast<edge::RowStreamOp>(op))
    return stream.getOuterOperands();
  SmallVector<OpOperand *> inputs;
  for (OpOperand &operand : op->getOpOperands())
    inputs.push_back(&operand);
  if (auto pool = dyn_cast<edge::PoolOp>(op))
    if (edge::MapOp map = mapOfInput(pool))
      inputs[0] = &map->getOpOperand(0);
  return inputs;
}

namespace {

/// The name of the node that an operation comes from.
std::string nodeName(Location loc) {
  auto named = loc->findInstanceOf<NameLoc>();
  return named ? named.getName().str() : "";
}

class KernelEmission {
public:
  KernelEmission(ModuleOp module, func::FuncOp main, target::CpuAttr cpu)
      : module(module), main(main), cpu(cpu), builder(module.getContext()),
        pool(target::bufferAlignment(cpu)), assignment(builder, pool, cpu) {}

  LogicalResult run() {
    func::FuncOp entry = createEntry();
    if (failed(emitBlock(main.getBody().front())) ||
        (job && failed(emitEndOfJob())))
      return failure();
    closeBranches();
    if (pool.empty()) {
      weights.erase();
    } else {
      weights.getResult().setType(pool.getType(module.getContext()));
      pool.emitGlobal(module);
    }
    StringAttr name = main.getSymNameAttr();
    main.erase();
    entry.setSymNameAttr(name);
    return success();
  }

private:
  /// The function on memory: inputs, outputs, arena.
  func::FuncOp createEntry() {
    MLIRContext *context = module.getContext();
    SmallVector<Type> types;
    SmallVector<DictionaryAttr> attributes;
    auto add = [&](Type tensor, DictionaryAttr own, bool isOutput) {
      types.push_back(storageType(cast<RankedTensorType>(tensor)));
      NamedAttrList list(own);
      if (!list.get("edge.name"))
        list.set("edge.name", builder.getStringAttr(""));
      list.set("edge.type", TypeAttr::get(tensor));
      if (isOutput)
        list.set("edge.output", builder.getUnitAttr());
      attributes.push_back(list.getDictionary(context));
    };
    FunctionType type = main.getFunctionType();
    for (auto [i, input] : llvm::enumerate(type.getInputs()))
      add(input, main.getArgAttrDict(i), /*isOutput=*/false);
    for (auto [i, output] : llvm::enumerate(type.getResults()))
      add(output, main.getResultAttrDict(i), /*isOutput=*/true);
    types.push_back(MemRefType::get({0}, builder.getI8Type()));
    attributes.push_back(builder.getDictionaryAttr(
        builder.getNamedAttr("edge.arena", builder.getUnitAttr())));

    builder.setInsertionPointAfter(main);
    // A status, where an NPU may fail.
    SmallVector<Type> results;
    main.walk([&](edge::NpuCallOp op) {
      if (op.getFallback().empty())
        results.assign({builder.getI32Type()});
    });
    auto entry = func::FuncOp::create(builder, main.getLoc(), "edge.entry",
                                      builder.getFunctionType(types, results));
    entry.setAllArgAttrs(attributes);
    Block *block = entry.addEntryBlock();
    builder.setInsertionPointToStart(block);

    SmallVector<Buffer> outputs;
    unsigned inputs = type.getNumInputs();
    for (unsigned i = 0; i < type.getNumResults(); ++i) {
      Value argument = block->getArgument(inputs + i);
      outputs.push_back({argument, 0, cast<MemRefType>(argument.getType())});
    }
    assignment.setOutputs(outputs);
    for (auto [tensor, memref] :
         llvm::zip(main.getArguments(), block->getArguments()))
      assignment.assign(tensor,
                        {memref, 0, cast<MemRefType>(memref.getType())});
    weights = memref::GetGlobalOp::create(
        builder, main.getLoc(), MemRefType::get({0}, builder.getI8Type()),
        ConstantPool::symbol);
    assignment.setWeights(weights);
    return entry;
  }

  LogicalResult emitBlock(Block &block) {
    for (Operation &op : block.without_terminator())
      if (failed(emit(&op)))
        return failure();
    return success();
  }

  LogicalResult emit(Operation *op) {
    if (op->hasTrait<OpTrait::ConstantLike>())
      return success();
    if (job && endsJob(op) && failed(emitEndOfJob()))
      return failure();
    if (auto reshape = dyn_cast<edge::ReshapeOp>(op)) {
      Buffer source = assignment.operandBuffer(op, 0);
      if (!source.isContiguous())
        return op->emitOpError("operand lies inside a larger tensor; "
                               "edgecc-materialize-copies must run before");
      assignment.assign(reshape, source.reshape(reshape.getType().getShape()));
      writers[reshape] = findWriters(op);
      return success();
    }
    if (isComputedByReader(op)) {
      writers[op->getResult(0)] = findWriters(op);
      return success();
    }
    if (auto branch = dyn_cast<edge::IfOp>(op))
      return emitIf(branch);
    if (auto loop = dyn_cast<edge::LoopOp>(op))
      return emitLoop(loop);
    if (auto npu = dyn_cast<edge::NpuCallOp>(op))
      return emitNpu(npu);
    if (isa<edge::ConcatOp>(op)) {
      assignment.resultBuffer(op->getResult(0));
      writers[op->getResult(0)] = findWriters(op);
      return success();
    }
    if (auto slice = dyn_cast<edge::SliceOp>(op);
        slice && !constantOf(slice.getInput()) && isReadInPlace(slice)) {
      Buffer source = assignment.operandBuffer(op, 0);
      if (source.base.getDefiningOp<memref::AllocOp>()) {
        assignment.assign(slice,
                          source.slice(slice.getOffsets(), slice.getSizes()));
        writers[slice] = findWriters(op);
        return success();
      }
    }
    auto kernel = dyn_cast<KernelOpInterface>(op);
    auto pad = dyn_cast<edge::PadOp>(op);
    bool isBorder = pad && pad.getMode() == edge::PadMode::Constant;
    if (!kernel)
      return op->emitOpError("has no kernel");

    // Inputs first: an operand inside a padded result is there already.
    SmallVector<Buffer> buffers;
    SmallVector<MemRefType> scratch;
    if (!isBorder) {
      for (OpOperand *operand : kernelInputs(op))
        buffers.push_back(assignment.operandBuffer(
            operand->getOwner(), operand->getOperandNumber()));
      scratch = kernel.getScratch(cpu);
    }
    size_t inputs = buffers.size();
    bool isEmpty = true;
    for (OpResult result : op->getResults()) {
      buffers.push_back(assignment.resultBuffer(result));
      isEmpty &= buffers.back().type.getNumElements() == 0;
    }
    if (isEmpty)
      return success();
    if (isBorder && succeeded(joinBorder(pad, buffers.front())))
      return success();
    for (MemRefType type : scratch)
      buffers.push_back(assignment.allocate(type, op->getLoc()));

    SmallVector<Value> arguments;
    for (const Buffer &buffer : buffers)
      arguments.push_back(buffer.materialize(builder, op->getLoc()));
    StringRef kind = op->getName().stripDialect();
    func::FuncOp function = createKernel(op, kind, arguments);
    OpBuilder inside = OpBuilder::atBlockEnd(function.addEntryBlock());
    for (size_t i = arguments.size() - scratch.size(); i < arguments.size();
         ++i)
      function.setArgAttr(i, target::scratchAttrName, builder.getUnitAttr());
    ValueRange formals = function.getArguments();
    KernelArgs args;
    args.inputs.assign(formals.begin(), formals.begin() + inputs);
    formals = formals.drop_front(inputs);
    args.outputs.assign(formals.begin(), formals.begin() + op->getNumResults());
    formals = formals.drop_front(op->getNumResults());
    args.scratch.assign(formals.begin(), formals.end());
    if (failed(kernel.emitKernel(inside, args, cpu)))
      return failure();
    func::ReturnOp::create(inside, op->getLoc());
    func::CallOp caller = call(op, kind, function, arguments);
    nameResults(caller, op, inputs);
    noteOverlap(caller, kernel, ArrayRef(buffers).take_front(inputs),
                buffers[inputs]);
    return success();
  }

  /// Fills the border of `pad`, whose result is in `buffer`, in the kernel that
  /// writes the inside, so that threads meet once less. Fails if nothing would
  /// be won or the kernel could still read what it fills.
  LogicalResult joinBorder(edge::PadOp pad, const Buffer &buffer) {
    func::CallOp caller = callers.lookup(pad.getInput());
    if (!caller || target::getThreads(module) == 1 ||
        caller->getBlock() != builder.getInsertionBlock() ||
        caller->hasAttr(memory::overlapAttrName) ||
        !buffer.base.getDefiningOp<memref::AllocOp>())
      return failure();
    auto isInBuffer = [&](Value operand) {
      while (auto view = operand.getDefiningOp<ViewLikeOpInterface>())
        operand = view.getViewSource();
      return operand == buffer.base;
    };
    if (llvm::count_if(caller.getOperands(), isInBuffer) != 1)
      return failure();
    OpBuilder before(caller);
    Value argument = buffer.materialize(before, pad.getLoc());
    auto function = module.lookupSymbol<func::FuncOp>(caller.getCallee());
    unsigned position = function.getNumArguments();
    if (failed(function.insertArgument(position, argument.getType(), {},
                                       pad.getLoc())))
      return failure();
    caller.getOperandsMutable().append(argument);
    OpBuilder inside(function.getBody().back().getTerminator());
    KernelArgs args;
    args.outputs = {function.getArgument(position)};
    writers[pad] = writers.lookup(pad.getInput());
    return cast<KernelOpInterface>(*pad).emitKernel(inside, args, cpu);
  }

  /// The memory of a call of a driver: inputs, results, scratch, what is fast,
  /// and the job if there is one.
  FailureOr<SmallVector<Buffer>> assignNpu(edge::NpuCallOp op) {
    SmallVector<Buffer> buffers;
    for (OpOperand &operand : op->getOpOperands())
      buffers.push_back(
          assignment.operandBuffer(op, operand.getOperandNumber()));
    for (OpResult result : op->getResults())
      buffers.push_back(assignment.resultBuffer(result));
    if (op.getScratch())
      buffers.push_back(assignment.scratchOf(op));
    if (op.getFast())
      buffers.push_back(assignment.allocate(
          MemRefType::get(int64_t(op.getFast()), builder.getI8Type()),
          op.getLoc(), op.getAlignment()));
    if (op.getOverlaps())
      buffers.push_back(assignment.allocate(npuJobType(op, cpu), op.getLoc()));
    for (const Buffer &buffer : buffers)
      if (!buffer.isContiguous())
        return op->emitOpError("has an operand inside a larger tensor; "
                               "edgecc-materialize-copies must run before");
    return buffers;
  }

  /// A kernel that `emit` fills, and its call.
  func::CallOp callNpu(
      edge::NpuCallOp op, StringRef kind, ArrayRef<Buffer> buffers,
      TypeRange results,
      llvm::function_ref<ValueRange(OpBuilder &, const KernelArgs &)> emit) {
    SmallVector<Value> arguments;
    for (const Buffer &buffer : buffers)
      arguments.push_back(buffer.materialize(builder, op->getLoc()));
    func::FuncOp function = createKernel(op, kind, arguments, results);
    OpBuilder inside = OpBuilder::atBlockEnd(function.addEntryBlock());
    ValueRange formals = function.getArguments();
    size_t inputs = op->getNumOperands(), outputs = op->getNumResults();
    KernelArgs args;
    llvm::append_range(args.inputs, formals.take_front(inputs));
    llvm::append_range(args.outputs, formals.slice(inputs, outputs));
    llvm::append_range(args.scratch, formals.drop_front(inputs + outputs));
    func::ReturnOp::create(inside, op->getLoc(), emit(inside, args));
    func::CallOp caller = call(op, kind, function, arguments);
    // Where there are places, a driver copies what the NPU does not reach.
    using target::NpuAccess;
    bool reachesTensors = op.getPlaces().empty();
    SmallVector<int64_t> access(
        inputs + outputs,
        int64_t(reachesTensors ? NpuAccess::Reached : NpuAccess::None));
    if (op.getScratch())
      access.push_back(int64_t(NpuAccess::Reached));
    if (op.getFast())
      access.push_back(int64_t(NpuAccess::Fast));
    access.resize(arguments.size(), int64_t(NpuAccess::None));
    caller->setAttr(target::npuAccessAttrName,
                    builder.getDenseI64ArrayAttr(access));
    return caller;
  }

  /// The call of a driver, or of what starts it.
  LogicalResult emitNpu(edge::NpuCallOp op) {
    FailureOr<SmallVector<Buffer>> buffers = assignNpu(op);
    if (failed(buffers))
      return failure();
    if (op.getOverlaps()) {
      callNpu(op, "npu_start", *buffers, {},
              [&](OpBuilder &inside, const KernelArgs &args) {
                emitNpuStart(inside, op, args, cpu);
                return ValueRange();
              });
      job = {op, std::move(*buffers)};
      return success();
    }
    Value status;
    func::CallOp caller =
        callNpu(op, "npu_call", *buffers, builder.getI32Type(),
                [&](OpBuilder &inside, const KernelArgs &args) {
                  status = emitNpuCall(inside, op, args, cpu);
                  return ValueRange(status);
                });
    return emitNpuEnd(op, *buffers, caller.getResult(0));
  }

  /// Whether the job has to end before `op`.
  bool endsJob(Operation *op) {
    return isa<edge::NpuCallOp>(op) ||
           op->walk([&](Operation *reader) {
               bool reads =
                   llvm::any_of(reader->getOperands(), [&](Value operand) {
                     return operand.getDefiningOp() == job->op;
                   });
               return reads ? WalkResult::interrupt() : WalkResult::advance();
             }).wasInterrupted();
  }

  /// Waits for the job. All that the NPU works with is in use until then.
  LogicalResult emitEndOfJob() {
    Job ended = *std::exchange(job, std::nullopt);
    Value status;
    func::CallOp caller =
        callNpu(ended.op, "npu_wait", ended.buffers, builder.getI32Type(),
                [&](OpBuilder &inside, const KernelArgs &args) {
                  status = emitNpuWait(inside, ended.op, args, cpu);
                  return ValueRange(status);
                });
    return emitNpuEnd(ended.op, ended.buffers, caller.getResult(0));
  }

  /// What happens when a driver fails.
  LogicalResult emitNpuEnd(edge::NpuCallOp op, ArrayRef<Buffer> buffers,
                           Value status) {
    Emitter e(builder, op.getLoc(), cpu);
    Value zero = e.constant(e.getI32IntegerAttr(0));
    bool hasFallback = !op.getFallback().empty();
    Value condition = arith::CmpIOp::create(
        e, hasFallback ? arith::CmpIPredicate::ne : arith::CmpIPredicate::eq,
        status, zero);
    if (!hasFallback) {
      // All that follows is in this branch.
      constexpr int32_t npuFailed = 5;
      auto branch = scf::IfOp::create(builder, op.getLoc(),
                                      TypeRange(builder.getI32Type()),
                                      condition, /*withElseRegion=*/true);
      builder.setInsertionPointToEnd(branch.elseBlock());
      Value failed = arith::ConstantOp::create(
          builder, op.getLoc(), builder.getI32IntegerAttr(npuFailed));
      scf::YieldOp::create(builder, op.getLoc(), failed);
      builder.setInsertionPointToEnd(branch.thenBlock());
      openBranches.push_back(branch);
      return success();
    }
    auto branch = scf::IfOp::create(builder, op.getLoc(), condition,
                                    /*withElseRegion=*/false);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPoint(branch.thenBlock()->getTerminator());
    Block &body = op.getFallback().front();
    for (auto [argument, buffer] :
         llvm::zip(body.getArguments(), buffers.drop_front()))
      assignment.assign(argument, buffer);
    return emitBlock(body);
  }

  /// Ends the branches in which the network goes on, and the network.
  void closeBranches() {
    Location loc = main.getLoc();
    if (openBranches.empty()) {
      func::ReturnOp::create(builder, loc);
      return;
    }
    Value status =
        arith::ConstantOp::create(builder, loc, builder.getI32IntegerAttr(0));
    for (scf::IfOp branch : llvm::reverse(openBranches)) {
      scf::YieldOp::create(builder, loc, status);
      builder.setInsertionPointAfter(branch);
      status = branch.getResult(0);
    }
    func::ReturnOp::create(builder, loc, status);
  }

  func::FuncOp createKernel(Operation *op, StringRef kind, ValueRange arguments,
                            TypeRange results = {}) {
    OpBuilder outside = OpBuilder::atBlockEnd(module.getBody());
    std::string name = ("kernel_" + kind + "_" + Twine(kernelCount++)).str();
    auto function = func::FuncOp::create(
        outside, op->getLoc(), name,
        outside.getFunctionType(arguments.getTypes(), results));
    function.setPrivate();
    return function;
  }

  /// The steps that write the operands of an operation.
  SmallVector<int64_t> findWriters(Operation *op) {
    SmallVector<int64_t> steps;
    for (Value operand : op->getOperands())
      llvm::append_range(steps, writers.lookup(operand));
    llvm::sort(steps);
    steps.erase(llvm::unique(steps), steps.end());
    return steps;
  }

  /// The call, with what a report says of the layer and what a scheduler must
  /// know: its number, and the calls that it needs.
  func::CallOp call(Operation *op, StringRef kind, func::FuncOp function,
                    ValueRange arguments) {
    auto call =
        func::CallOp::create(builder, op->getLoc(), function, arguments);
    // Those of a job are counted where it ends.
    int64_t macs = kind == "npu_start" ? 0 : edge::macsOf(op);
    call->setAttr("edge.layer", builder.getStringAttr(nodeName(op->getLoc())));
    call->setAttr("edge.kind", builder.getStringAttr(kind));
    call->setAttr("edge.macs", builder.getI64IntegerAttr(macs));
    if (Attribute weights = op->getAttr(weightsAttrName))
      call->setAttr(weightsAttrName, weights);
    SmallVector<Attribute> transposes;
    op->walk([&](edge::TransposeOp transpose) {
      Attribute reason = transpose->getAttr(layout::reasonAttrName);
      transposes.push_back(reason ? reason : builder.getStringAttr(""));
    });
    if (!transposes.empty())
      call->setAttr("edge.transposes", builder.getArrayAttr(transposes));
    SmallVector<int64_t> needed = findWriters(op);
    if (kind == "npu_wait")
      llvm::append_range(needed, writers.lookup(op->getResult(0)));
    call->setAttr("edge.step", builder.getI64IntegerAttr(stepCount));
    call->setAttr("edge.after", builder.getDenseI64ArrayAttr(needed));
    SmallVector<int64_t> written = {stepCount++};
    // What lies inside the border was written before.
    if (isa<edge::PadOp>(op))
      llvm::append_range(written, needed);
    for (Value result : op->getResults()) {
      writers[result] = written;
      callers[result] = call;
    }
    return call;
  }

  /// Says which operands, from `first` on, are values of the graph when the
  /// call has returned.
  void nameResults(func::CallOp call, Operation *op, size_t first) {
    SmallVector<Attribute> values;
    for (OpResult result : op->getResults())
      if (StringRef name = edge::getValueName(result); !name.empty())
        values.push_back(builder.getDictionaryAttr(
            {builder.getNamedAttr(
                 "operand",
                 builder.getI64IntegerAttr(first + result.getResultNumber())),
             builder.getNamedAttr("name", builder.getStringAttr(name)),
             builder.getNamedAttr("type", TypeAttr::get(result.getType()))}));
    if (!values.empty())
      call->setAttr("edge.values", builder.getArrayAttr(values));
  }

  /// Says of the first operand that can share memory with the result how far
  /// apart their allocations must begin.
  void noteOverlap(func::CallOp call, KernelOpInterface kernel,
                   ArrayRef<Buffer> operands, const Buffer &result) {
    auto bytesBefore = [](const Buffer &buffer) {
      return buffer.offset * storageBytes(buffer.type.getElementType());
    };
    for (auto [i, operand] : llvm::enumerate(operands)) {
      if (!operand.base.getDefiningOp<memref::AllocOp>())
        continue;
      std::optional<int64_t> distance =
          kernel.getOverlapDistance(i, operand.type, result.type, cpu);
      if (!distance)
        continue;
      int64_t shift = bytesBefore(result) - bytesBefore(operand);
      call->setAttr(memory::overlapAttrName,
                    builder.getDenseI64ArrayAttr(
                        {int64_t(i), int64_t(operands.size()),
                         std::max<int64_t>(*distance + shift, 0)}));
      return;
    }
  }

  LogicalResult emitIf(edge::IfOp op) {
    for (OpResult result : op->getResults())
      assignment.resultBuffer(result);
    Buffer flag = assignment.operandBuffer(op, 0).reshape({1});
    Emitter e(builder, op.getLoc(), cpu);
    Value condition = e.load(flag.materialize(builder, op.getLoc()), e.index(0),
                             1, builder.getI1Type());
    auto branch = scf::IfOp::create(builder, op.getLoc(), condition,
                                    /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPoint(branch.thenBlock()->getTerminator());
    if (failed(emitBlock(op.getThenRegion().front())))
      return failure();
    builder.setInsertionPoint(branch.elseBlock()->getTerminator());
    return emitBlock(op.getElseRegion().front());
  }

  /// Copies the elements of `from` to `to`, of one shape.
  void copy(Emitter &e, const Buffer &from, const Buffer &to) {
    if (from.base == to.base && from.offset == to.offset)
      return;
    Type element = from.type.getElementType();
    emitCopy(e, from.type.getShape(),
             accessAll(e, from.materialize(e, e.getLoc()), element),
             accessAll(e, to.materialize(e, e.getLoc()), element));
  }

  /// The results hold what is handed on while the loop runs; the next values
  /// are computed elsewhere, and copied when all of them are there.
  LogicalResult emitLoop(edge::LoopOp op) {
    Location loc = op.getLoc();
    Emitter e(builder, loc, cpu);
    Block &body = op.getBody().front();
    Operation *yield = body.getTerminator();
    SmallVector<Buffer> results;
    for (OpResult result : op->getResults())
      results.push_back(assignment.resultBuffer(result));
    unsigned first = op->getNumOperands() - op.getCarried().size();
    for (unsigned i = 0; i < op.getCarried().size(); ++i) {
      copy(e, assignment.operandBuffer(op, first + i), results[i]);
      assignment.assign(body.getArgument(i + 1), results[i]);
    }
    auto numberType = cast<RankedTensorType>(body.getArgument(0).getType());
    Buffer number = assignment.allocate(storageType(numberType), loc);
    assignment.assign(body.getArgument(0), number);
    auto isSet = [&](const Buffer &flag) -> Value {
      return e.load(flag.reshape({1}).materialize(e, loc), e.index(0), 1,
                    e.getI1Type());
    };

    // The body at the builder, and the copies after it.
    auto emitBody = [&](Value i) -> LogicalResult {
      Emitter inside(builder, loc, cpu);
      inside.store(arith::IndexCastOp::create(inside, inside.getI64Type(), i),
                   number.reshape({1}).materialize(inside, loc),
                   inside.index(0));
      if (failed(emitBlock(body)))
        return failure();
      inside.setInsertionPoint(builder.getInsertionBlock(),
                               builder.getInsertionPoint());
      unsigned at = op.getCondition() ? 1 : 0;
      unsigned end = at + op.getCarried().size();
      for (unsigned place = 0; at < end; ++at, ++place)
        copy(inside, assignment.operandBuffer(yield, at), results[place]);
      for (unsigned place = op.getCarried().size(); place < results.size();
           ++at, ++place) {
        Buffer from = assignment.operandBuffer(yield, at);
        Access write =
            accessAll(inside, results[place].materialize(inside, loc),
                      from.type.getElementType());
        write.start = inside.mul(i, write.strides.front());
        write.strides.erase(write.strides.begin());
        emitCopy(inside, from.type.getShape(),
                 accessAll(inside, from.materialize(inside, loc),
                           from.type.getElementType()),
                 write);
      }
      builder.setInsertionPoint(inside.getInsertionBlock(),
                                inside.getInsertionPoint());
      return success();
    };

    OpBuilder::InsertionGuard guard(builder);
    int64_t most = op.getMaxTrips();
    if (!op.isBounded()) {
      auto loop = scf::ForOp::create(e, e.index(0), e.index(most), e.index(1));
      builder.setInsertionPoint(loop.getBody()->getTerminator());
      return emitBody(loop.getInductionVar());
    }
    // Nothing random stands where no iteration writes.
    for (const Buffer &all :
         ArrayRef(results).drop_front(op.getCarried().size())) {
      Type element = all.type.getElementType();
      emitFill(e, all.type.getShape(), e.constant(e.getZeroAttr(element)),
               accessAll(e, all.materialize(e, loc), element));
    }
    Value limit = e.index(most);
    if (op.getTrips()) {
      Type type =
          cast<RankedTensorType>(op.getTrips().getType()).getElementType();
      Value trips = e.load(
          assignment.operandBuffer(op, 0).reshape({1}).materialize(e, loc),
          e.index(0), 1, type);
      auto bound = [&](int64_t value) {
        return e.constant(e.getIntegerAttr(type, value));
      };
      trips = arith::MaxSIOp::create(e, trips, bound(0));
      trips = arith::MinSIOp::create(e, trips, bound(most));
      limit = arith::IndexCastOp::create(e, e.getIndexType(), trips);
    }
    Value goesOn =
        op.getCondition()
            ? isSet(assignment.operandBuffer(op, op.getTrips() ? 1 : 0))
            : e.constant(e.getIntegerAttr(e.getI1Type(), 1));
    SmallVector<Type> types{e.getIndexType(), e.getI1Type()};
    auto loop = scf::WhileOp::create(e, types, ValueRange{e.index(0), goesOn});
    SmallVector<Location> locs(2, loc);
    Block *before = e.createBlock(&loop.getBefore(), {}, types, locs);
    Value isInside = arith::CmpIOp::create(e, arith::CmpIPredicate::slt,
                                           before->getArgument(0), limit);
    Value runs = arith::AndIOp::create(e, isInside, before->getArgument(1));
    scf::ConditionOp::create(e, runs, before->getArguments());
    Block *after = builder.createBlock(&loop.getAfter(), {}, types, locs);
    Value i = after->getArgument(0);
    if (failed(emitBody(i)))
      return failure();
    e.setInsertionPointToEnd(after);
    Value next = op.getCondition() ? isSet(assignment.operandBuffer(yield, 0))
                                   : after->getArgument(1);
    scf::YieldOp::create(e, ValueRange{e.add(i, 1), next});
    return success();
  }

  ModuleOp module;
  func::FuncOp main;
  target::CpuAttr cpu;
  OpBuilder builder;
  ConstantPool pool;
  BufferAssignment assignment;
  memref::GetGlobalOp weights;
  unsigned kernelCount = 0;
  /// What the NPU works on while the CPU does something else.
  struct Job {
    edge::NpuCallOp op;
    SmallVector<Buffer> buffers;
  };
  std::optional<Job> job;
  /// Those in which the network goes on, the innermost last.
  SmallVector<scf::IfOp> openBranches;
  int64_t stepCount = 0;
  /// The steps that must have run for a tensor to be complete.
  llvm::DenseMap<Value, SmallVector<int64_t>> writers;
  /// The call that computes a tensor.
  llvm::DenseMap<Value, func::CallOp> callers;
};

struct EmitKernels : kernels::impl::EmitKernelsBase<EmitKernels> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    target::CpuAttr cpu = requireCpu(module);
    if (!cpu)
      return signalPassFailure();
    auto main = module.lookupSymbol<func::FuncOp>("main");
    if (!main) {
      module.emitError("expects a function @main");
      return signalPassFailure();
    }
    if (failed(KernelEmission(module, main, cpu).run()))
      signalPassFailure();
  }
};

} // namespace
