//===- NpzFuzzer.cpp - archives that are none -------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/numpy/Npz.h"
#include "test/fuzz/MemoryFile.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/MLIRContext.h"

using namespace edgecc;

/// Reads an archive in each of the ways that there are, where shapes are known
/// as the inputs of a network and as its examples.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  MemoryFile file(data, size);
  llvm::consumeError(readNpzArrays(file.path()).takeError());
  TensorInterface tensor;
  tensor.name = tensor.cName = "x";
  tensor.type =
      mlir::RankedTensorType::get({1, 2}, mlir::Builder(&context).getF32Type());
  tensor.bytes = 8;
  llvm::consumeError(readNpz(file.path(), tensor).takeError());
  llvm::consumeError(readNpzExamples(file.path(), tensor).takeError());
  llvm::consumeError(readNpzShapes(file.path()).takeError());
  return 0;
}
