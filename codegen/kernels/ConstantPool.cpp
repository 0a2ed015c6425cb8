//===- ConstantPool.cpp - all constants of a module in one blob -*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/ConstantPool.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;
using namespace edgecc::kernels;

int64_t ConstantPool::add(ArrayRef<char> bytes) {
  ArrayRef<uint8_t> raw(reinterpret_cast<const uint8_t *>(bytes.data()),
                        bytes.size());
  // What views nothing needs memory to view, too.
  if (bytes.empty()) {
    blob.resize(std::max<size_t>(blob.size(), 1));
    return 0;
  }
  auto &candidates = known[llvm::xxh3_64bits(raw) >> 2];
  for (auto [offset, size] : candidates)
    if (size == int64_t(bytes.size()) &&
        std::equal(bytes.begin(), bytes.end(), blob.begin() + offset))
      return offset;
  int64_t offset = llvm::alignTo(blob.size(), alignment);
  blob.resize(offset);
  blob.insert(blob.end(), bytes.begin(), bytes.end());
  candidates.push_back({offset, int64_t(bytes.size())});
  return offset;
}

MemRefType ConstantPool::getType(MLIRContext *context) const {
  return MemRefType::get({size()}, IntegerType::get(context, 8));
}

void ConstantPool::emitGlobal(ModuleOp module) const {
  if (empty())
    return;
  MLIRContext *context = module.getContext();
  OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
  auto tensor = RankedTensorType::get({size()}, builder.getI8Type());
  auto value = DenseResourceElementsAttr::get(
      tensor, symbol,
      HeapAsmResourceBlob::allocateAndCopyWithAlign(
          ArrayRef<char>(blob.data(), blob.size()), alignment));
  memref::GlobalOp::create(builder, module.getLoc(), symbol,
                           builder.getStringAttr("private"), getType(context),
                           value, /*constant=*/true,
                           builder.getI64IntegerAttr(alignment));
}
