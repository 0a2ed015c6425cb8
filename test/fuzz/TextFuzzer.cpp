//===- TextFuzzer.cpp - texts of modules that are none ----------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "test/fuzz/ModuleFuzzer.h"

#include "mlir/Parser/Parser.h"
#include "llvm/Support/raw_ostream.h"

using namespace edgecc;

/// Parses and verifies a text, and prints what came of it.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  // The lexer needs the zero at its end.
  std::string text(reinterpret_cast<const char *>(data), size);
  auto module =
      mlir::parseSourceString<mlir::ModuleOp>(text, &getQuietContext());
  if (module)
    module->print(llvm::nulls());
  return 0;
}
