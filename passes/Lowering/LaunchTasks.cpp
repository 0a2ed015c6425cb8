//===- LaunchTasks.cpp - tasks go to the threads of the caller --*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Target/Threads.h"
#include "passes/Lowering/Passes.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/SetVector.h"

namespace edgecc {
#define GEN_PASS_DEF_LAUNCHTASKSPASS
#include "passes/Lowering/Passes.h.inc"
} // namespace edgecc

using namespace mlir;
using namespace edgecc;

namespace {

/// Makes one function with tasks launch them.
class Launch {
public:
  Launch(LLVM::LLVMFuncOp function, int64_t count)
      : function(function), count(count), context(function.getContext()),
        pointer(LLVM::LLVMPointerType::get(context)),
        i32(IntegerType::get(context, 32)) {}

  /// Fails if the function is not what calls a function for each task. Its
  /// last argument is the `edgecc_threads_v0_t` of the run.
  LogicalResult rewrite();

private:
  LLVM::LLVMFuncOp makeTask();

  LLVM::LLVMFuncOp function;
  int64_t count;
  MLIRContext *context;
  Type pointer, i32;
  LLVM::CallOp part;
  /// The arguments of a task but its number.
  LLVM::LLVMStructType closure;
};

} // namespace

/// The function that the hook calls: it takes the arguments out of the closure.
LLVM::LLVMFuncOp Launch::makeTask() {
  OpBuilder b(function);
  Location loc = function.getLoc();
  auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(context),
                                          {pointer, i32});
  auto task =
      LLVM::LLVMFuncOp::create(b, loc, (function.getName() + "_task").str(),
                               type, LLVM::Linkage::Internal);
  b.setInsertionPointToStart(task.addEntryBlock(b));
  SmallVector<Value> arguments;
  for (auto [i, type] : llvm::enumerate(closure.getBody())) {
    Value address =
        LLVM::GEPOp::create(b, loc, pointer, closure, task.getArgument(0),
                            ArrayRef<LLVM::GEPArg>{0, int32_t(i)});
    arguments.push_back(LLVM::LoadOp::create(b, loc, type, address));
  }
  Value number = task.getArgument(1);
  Type index = part.getOperands().back().getType();
  if (index != i32)
    number = LLVM::ZExtOp::create(b, loc, index, number);
  arguments.push_back(number);
  LLVM::CallOp::create(b, loc, TypeRange(), part.getCalleeAttr(), arguments);
  LLVM::ReturnOp::create(b, loc, ValueRange());
  return task;
}

LogicalResult Launch::rewrite() {
  Block *entry = &function.getBody().front();
  ValueRange formals = entry->getArguments().drop_back();
  unsigned calls = 0;
  function.walk([&](LLVM::CallOp call) {
    part = call;
    ++calls;
  });
  if (calls != 1 || part.getNumOperands() != formals.size() + 1 ||
      !llvm::equal(formals, part.getOperands().drop_back()))
    return function.emitError("with '")
           << target::tasksAttrName
           << "' must call one function with its own arguments and a number";
  SmallVector<Type> types(formals.getTypes());
  closure = LLVM::LLVMStructType::getLiteral(context, types);
  LLVM::LLVMFuncOp task = makeTask();

  // What is there runs if there are no threads.
  Block *inOrder = entry->splitBlock(entry->begin());
  Block *launch = function.addBlock();
  OpBuilder b = OpBuilder::atBlockEnd(entry);
  Location loc = function.getLoc();
  Value one = LLVM::ConstantOp::create(b, loc, i32, b.getI32IntegerAttr(1));
  Value memory = LLVM::AllocaOp::create(b, loc, pointer, closure, one);
  Value threads = entry->getArguments().back();
  Value null = LLVM::ZeroOp::create(b, loc, pointer);
  Value isAlone =
      LLVM::ICmpOp::create(b, loc, LLVM::ICmpPredicate::eq, threads, null);
  LLVM::CondBrOp::create(b, loc, isAlone, inOrder, launch);

  b.setInsertionPointToEnd(launch);
  auto field = [&](Type type, Value base, size_t i) -> Value {
    return LLVM::GEPOp::create(b, loc, pointer, type, base,
                               ArrayRef<LLVM::GEPArg>{0, int32_t(i)});
  };
  for (auto [i, argument] : llvm::enumerate(formals))
    LLVM::StoreOp::create(b, loc, argument, field(closure, memory, i));
  auto hookType = LLVM::LLVMStructType::getLiteral(context, {pointer, pointer});
  Value hook =
      LLVM::LoadOp::create(b, loc, pointer, field(hookType, threads, 0));
  Value pool =
      LLVM::LoadOp::create(b, loc, pointer, field(hookType, threads, 1));
  Value number =
      LLVM::ConstantOp::create(b, loc, i32, b.getI32IntegerAttr(count));
  Value address = LLVM::AddressOfOp::create(b, loc, pointer, task.getSymName());
  auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(context),
                                          {pointer, i32, pointer, pointer});
  LLVM::CallOp::create(b, loc, type,
                       ValueRange{hook, pool, number, address, memory});
  LLVM::ReturnOp::create(b, loc, ValueRange());
  return success();
}

namespace {

struct LaunchTasksPass : edgecc::impl::LaunchTasksPassBase<LaunchTasksPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    llvm::SetVector<Operation *> reached;
    for (auto function : module.getOps<LLVM::LLVMFuncOp>())
      if (function->hasAttr(target::tasksAttrName))
        reached.insert(function);
    if (reached.empty())
      return;
    llvm::DenseMap<StringAttr, SmallVector<LLVM::CallOp>> calls;
    module.walk([&](LLVM::CallOp call) {
      if (auto callee = call.getCalleeAttr())
        calls[callee.getAttr()].push_back(call);
    });
    // Whoever calls them passes the threads on.
    for (unsigned i = 0; i < reached.size(); ++i)
      for (LLVM::CallOp call :
           calls.lookup(cast<LLVM::LLVMFuncOp>(reached[i]).getSymNameAttr()))
        reached.insert(call->getParentOfType<LLVM::LLVMFuncOp>());
    Type pointer = LLVM::LLVMPointerType::get(&getContext());
    for (Operation *op : reached)
      if (failed(addArgument(cast<LLVM::LLVMFuncOp>(op), pointer)))
        return signalPassFailure();
    for (Operation *op : reached)
      for (LLVM::CallOp call :
           calls.lookup(cast<LLVM::LLVMFuncOp>(op).getSymNameAttr())) {
        auto caller = call->getParentOfType<LLVM::LLVMFuncOp>();
        call.getCalleeOperandsMutable().append(caller.getArguments().back());
      }
    for (Operation *op : reached)
      if (auto count = op->getAttrOfType<IntegerAttr>(target::tasksAttrName))
        if (failed(
                Launch(cast<LLVM::LLVMFuncOp>(op), count.getInt()).rewrite()))
          return signalPassFailure();
  }

private:
  LogicalResult addArgument(LLVM::LLVMFuncOp function, Type pointer) {
    if (function.isExternal())
      return function.emitError("with tasks has no body");
    function.getBody().addArgument(pointer, function.getLoc());
    LLVM::LLVMFunctionType type = function.getFunctionType();
    SmallVector<Type> types(type.getParams());
    types.push_back(pointer);
    function.setFunctionType(
        LLVM::LLVMFunctionType::get(type.getReturnType(), types));
    if (ArrayAttr attributes = function.getArgAttrsAttr()) {
      SmallVector<Attribute> all(attributes.getAsRange<Attribute>());
      all.push_back(DictionaryAttr::get(&getContext()));
      function.setArgAttrsAttr(ArrayAttr::get(&getContext(), all));
    }
    return success();
  }
};

} // namespace
