//===- NpuCall.cpp - calls of the driver of an NPU --------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/NpuCall.h"
#include "codegen/kernels/Emit.h"
#include "dialects/Target/Hooks.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::kernels;

/// The words of `edgecc_npu_job_v0_t` that are the driver's.
static constexpr int64_t stateWords = 8;

namespace {

/// Writes what a function of a driver gets, and calls it.
class CallEmission {
public:
  CallEmission(OpBuilder &builder, edge::NpuCallOp op, const KernelArgs &args,
               target::CpuAttr cpu)
      : e(builder, op.getLoc(), cpu), op(op), args(args),
        pointer(LLVM::LLVMPointerType::get(e.getContext())),
        i32(e.getI32Type()), word(e.getIntegerType(cpu.getIndexBits())) {}

  /// On the stack.
  Value writeCall() {
    Value one = number(i32, 1);
    return writeCall([&](Type type) -> Value {
      return LLVM::AllocaOp::create(e, pointer, type, one);
    });
  }

  /// At the begin of the job, the lists behind its status.
  void writeJob() {
    int64_t word = cpu().getIndexBits() / 8, end = statusOffset() + word;
    writeCall([&](Type type) {
      auto list = dyn_cast<LLVM::LLVMArrayType>(type);
      int64_t bytes = list ? int64_t(list.getNumElements()) * word : 0;
      return jobAt(list ? std::exchange(end, end + bytes) : 0);
    });
  }

  Value jobAt(int64_t offset) {
    return LLVM::GEPOp::create(e, pointer, e.getI8Type(),
                               address(args.scratch.back()),
                               ArrayRef<LLVM::GEPArg>{int32_t(offset)});
  }
  Value statusPlace() { return jobAt(statusOffset()); }

  /// The status of the function of that name, which takes `argument`.
  Value call(StringRef function, Value argument) {
    return LLVM::CallOp::create(e, declare(function), ValueRange{argument})
        .getResult();
  }

  /// Behind the call and the state.
  static int64_t statusOffset(target::CpuAttr cpu) {
    return 16 + 10 * (cpu.getIndexBits() / 8) + 8 * stateWords;
  }

  Emitter e;

private:
  target::CpuAttr cpu() const { return e.cpu; }
  int64_t statusOffset() const { return statusOffset(cpu()); }

  /// The call and its lists, each in the memory that `place` gives it.
  Value writeCall(llvm::function_ref<Value(Type)> place) {
    ArrayRef<Value> inputs = ArrayRef(args.inputs).drop_front();
    Value program = args.inputs.front();
    ArrayRef<Value> memories = args.scratch;
    auto memory = [&](int64_t bytes) -> Value {
      if (!bytes)
        return LLVM::ZeroOp::create(e, pointer);
      Value front = memories.front();
      memories = memories.drop_front();
      return address(front);
    };
    Value scratch = memory(op.getScratch()), fast = memory(op.getFast());
    int64_t programBytes = cast<MemRefType>(program.getType()).getNumElements();
    auto addresses = [&](ArrayRef<Value> memrefs) {
      return list(pointer, memrefs, place,
                  [&](Value memref) { return address(memref); });
    };
    auto sizes = [&](ArrayRef<Value> memrefs) {
      return list(word, memrefs, place, [&](Value memref) {
        auto type = cast<MemRefType>(memref.getType());
        return number(word, type.getNumElements() *
                                storageBytes(type.getElementType()));
      });
    };
    Value fields[] = {number(i32, /*version=*/0),
                      number(i32, inputs.size()),
                      number(i32, args.outputs.size()),
                      number(i32, /*reserved=*/0),
                      address(program),
                      number(word, programBytes),
                      addresses(inputs),
                      addresses(args.outputs),
                      sizes(inputs),
                      sizes(args.outputs),
                      scratch,
                      number(word, op.getScratch()),
                      fast,
                      number(word, op.getFast())};
    auto type = LLVM::LLVMStructType::getLiteral(
        e.getContext(), SmallVector<Type>(TypeRange(ValueRange(fields))));
    Value call = place(type);
    for (auto [i, field] : llvm::enumerate(fields))
      storeAt(call, type, i, field);
    return call;
  }

  Value list(Type element, ArrayRef<Value> memrefs,
             llvm::function_ref<Value(Type)> place,
             llvm::function_ref<Value(Value)> entry) {
    auto type =
        LLVM::LLVMArrayType::get(element, std::max<size_t>(memrefs.size(), 1));
    Value array = place(type);
    for (auto [i, memref] : llvm::enumerate(memrefs))
      storeAt(array, type, i, entry(memref));
    return array;
  }

  Value number(Type type, int64_t value) {
    return LLVM::ConstantOp::create(e, type, e.getIntegerAttr(type, value));
  }

  Value address(Value memref) {
    auto type = cast<MemRefType>(memref.getType());
    SmallVector<int64_t> strides;
    int64_t offset = 0;
    LogicalResult isStrided = type.getStridesAndOffset(strides, offset);
    assert(succeeded(isStrided) && "buffers are strided");
    (void)isStrided;
    Value index = memref::ExtractAlignedPointerAsIndexOp::create(e, memref);
    index = e.add(index, offset * storageBytes(type.getElementType()));
    Value integer = arith::IndexCastOp::create(e, word, index);
    return LLVM::IntToPtrOp::create(e, pointer, integer);
  }

  void storeAt(Value base, Type type, int64_t at, Value value) {
    Value place = LLVM::GEPOp::create(e, pointer, type, base,
                                      ArrayRef<LLVM::GEPArg>{0, int32_t(at)});
    LLVM::StoreOp::create(e, value, place);
  }

  /// A function of the driver, declared once, as one that others define.
  LLVM::LLVMFuncOp declare(StringRef name) {
    auto module =
        e.getInsertionBlock()->getParentOp()->getParentOfType<ModuleOp>();
    if (auto known = module.lookupSymbol<LLVM::LLVMFuncOp>(name))
      return known;
    OpBuilder outside = OpBuilder::atBlockEnd(module.getBody());
    auto function =
        LLVM::LLVMFuncOp::create(outside, op.getLoc(), name,
                                 LLVM::LLVMFunctionType::get(i32, {pointer}));
    if (!op->hasAttr(target::carriedAttrName))
      function.setPassthroughAttr(
          outside.getStrArrayAttr({target::hookAttrName}));
    return function;
  }

  edge::NpuCallOp op;
  const KernelArgs &args;
  Type pointer, i32, word;
};

} // namespace

Value kernels::emitNpuCall(OpBuilder &builder, edge::NpuCallOp op,
                           const KernelArgs &args, target::CpuAttr cpu) {
  CallEmission emission(builder, op, args, cpu);
  return emission.call(op.getDriver(), emission.writeCall());
}

MemRefType kernels::npuJobType(edge::NpuCallOp op, target::CpuAttr cpu) {
  int64_t word = cpu.getIndexBits() / 8;
  auto entries = [](size_t count) {
    return int64_t(std::max<size_t>(count, 1));
  };
  int64_t bytes =
      CallEmission::statusOffset(cpu) + word +
      2 * word * (entries(op.getInputs().size()) + entries(op.getNumResults()));
  return MemRefType::get({bytes}, Builder(op.getContext()).getI8Type());
}

void kernels::emitNpuStart(OpBuilder &builder, edge::NpuCallOp op,
                           const KernelArgs &args, target::CpuAttr cpu) {
  CallEmission emission(builder, op, args, cpu);
  emission.writeJob();
  Value status = emission.call(*op.getStart(), emission.jobAt(0));
  LLVM::StoreOp::create(emission.e, status, emission.statusPlace());
}

Value kernels::emitNpuWait(OpBuilder &builder, edge::NpuCallOp op,
                           const KernelArgs &args, target::CpuAttr cpu) {
  CallEmission emission(builder, op, args, cpu);
  Emitter &e = emission.e;
  Value begun = LLVM::LoadOp::create(e, e.getI32Type(), emission.statusPlace());
  Value hasStarted = arith::CmpIOp::create(e, arith::CmpIPredicate::eq, begun,
                                           e.constant(e.getI32IntegerAttr(0)));
  auto branch = scf::IfOp::create(e, TypeRange(e.getI32Type()), hasStarted,
                                  /*withElseRegion=*/true);
  {
    OpBuilder::InsertionGuard guard(e);
    e.setInsertionPointToEnd(branch.elseBlock());
    scf::YieldOp::create(e, begun);
    e.setInsertionPointToEnd(branch.thenBlock());
    scf::YieldOp::create(e, emission.call(*op.getWait(), emission.jobAt(0)));
  }
  return branch.getResult(0);
}
