//===- ImportFuzzer.cpp - models that are none ------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "compiler/import/Import.h"
#include "test/fuzz/MemoryFile.h"
#include "test/fuzz/ModuleFuzzer.h"

#include "llvm/Support/raw_ostream.h"

using namespace edgecc;

/// Imports a model and prints it.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  MemoryFile file(data, size);
  if (auto module = importOnnx(file.path(), {}, &getQuietContext()))
    module->print(llvm::nulls());
  return 0;
}
