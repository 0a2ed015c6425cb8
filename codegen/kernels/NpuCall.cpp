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

using namespace mlir;
using namespace edgecc;
using namespace edgecc::kernels;

/// The driver, declared once, as a function that others define.
static LLVM::LLVMFuncOp declareDriver(OpBuilder &builder, edge::NpuCallOp op) {
  auto module =
      builder.getInsertionBlock()->getParentOp()->getParentOfType<ModuleOp>();
  if (auto known = module.lookupSymbol<LLVM::LLVMFuncOp>(op.getDriver()))
    return known;
  OpBuilder outside = OpBuilder::atBlockEnd(module.getBody());
  auto pointer = LLVM::LLVMPointerType::get(builder.getContext());
  auto driver = LLVM::LLVMFuncOp::create(
      outside, op.getLoc(), op.getDriver(),
      LLVM::LLVMFunctionType::get(builder.getI32Type(), {pointer}));
  if (!op->hasAttr(target::carriedAttrName))
    driver.setPassthroughAttr(builder.getStrArrayAttr({target::hookAttrName}));
  return driver;
}

Value kernels::emitNpuCall(OpBuilder &builder, edge::NpuCallOp op,
                           const KernelArgs &args, target::CpuAttr cpu) {
  Emitter e(builder, op.getLoc(), cpu);
  LLVM::LLVMFuncOp driver = declareDriver(builder, op);
  auto pointer = LLVM::LLVMPointerType::get(e.getContext());
  Type i32 = e.getI32Type(), word = e.getIntegerType(cpu.getIndexBits());
  Value one = LLVM::ConstantOp::create(e, i32, e.getI32IntegerAttr(1));
  auto number = [&](Type type, int64_t value) -> Value {
    return LLVM::ConstantOp::create(e, type, e.getIntegerAttr(type, value));
  };
  auto address = [&](Value memref) -> Value {
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
  };
  auto storeAt = [&](Value base, Type type, int64_t at, Value value) {
    Value place = LLVM::GEPOp::create(e, pointer, type, base,
                                      ArrayRef<LLVM::GEPArg>{0, int32_t(at)});
    LLVM::StoreOp::create(e, value, place);
  };
  auto list = [&](ArrayRef<Value> memrefs) -> Value {
    auto type =
        LLVM::LLVMArrayType::get(pointer, std::max<size_t>(memrefs.size(), 1));
    Value array = LLVM::AllocaOp::create(e, pointer, type, one);
    for (auto [i, memref] : llvm::enumerate(memrefs))
      storeAt(array, type, i, address(memref));
    return array;
  };

  auto sizes = [&](ArrayRef<Value> memrefs) -> Value {
    auto type =
        LLVM::LLVMArrayType::get(word, std::max<size_t>(memrefs.size(), 1));
    Value array = LLVM::AllocaOp::create(e, pointer, type, one);
    for (auto [i, memref] : llvm::enumerate(memrefs)) {
      auto shaped = cast<MemRefType>(memref.getType());
      storeAt(array, type, i,
              number(word, shaped.getNumElements() *
                               storageBytes(shaped.getElementType())));
    }
    return array;
  };

  ArrayRef<Value> inputs = ArrayRef(args.inputs).drop_front();
  Value program = args.inputs.front();
  Value scratch = args.scratch.empty() ? Value(LLVM::ZeroOp::create(e, pointer))
                                       : address(args.scratch.front());
  int64_t programBytes = cast<MemRefType>(program.getType()).getNumElements();
  Value fields[] = {number(i32, /*version=*/0),
                    number(i32, inputs.size()),
                    number(i32, args.outputs.size()),
                    number(i32, /*reserved=*/0),
                    address(program),
                    number(word, programBytes),
                    list(inputs),
                    list(args.outputs),
                    sizes(inputs),
                    sizes(args.outputs),
                    scratch,
                    number(word, op.getScratch())};
  auto type = LLVM::LLVMStructType::getLiteral(
      e.getContext(), SmallVector<Type>(TypeRange(ValueRange(fields))));
  Value call = LLVM::AllocaOp::create(e, pointer, type, one);
  for (auto [i, field] : llvm::enumerate(fields))
    storeAt(call, type, i, field);
  return LLVM::CallOp::create(e, driver, ValueRange{call}).getResult();
}
