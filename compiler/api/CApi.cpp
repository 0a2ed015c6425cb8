//===- CApi.cpp - the compiler for C ----------------------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/object/Header.h"
#include "compiler/api/Compiler.h"
#include "compiler/api/edgecc-c.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/raw_ostream.h"

using namespace edgecc;

struct edgecc_result {
  std::string error, header;
  llvm::SmallVector<char, 0> object;
};

static std::string textOf(const char *text) { return text ? text : ""; }

/// False, with an error in `result`, if a field has no meaning.
static bool readOptions(const edgecc_options_v0_t *given,
                        CompileOptions &options, edgecc_result &result) {
  if (!given)
    return true;
  if (given->size < sizeof(edgecc_options_v0_t)) {
    result.error = "the size of the options is not set";
    return false;
  }
  options.name = textOf(given->name);
  options.target = {textOf(given->target), textOf(given->cpu),
                    textOf(given->attrs), textOf(given->march)};
  if (given->pic)
    options.codegen.pic = given->pic > 0;
  if (!given->level)
    return true;
  auto level = parseOptLevel(given->level);
  if (!level) {
    result.error = "unknown optimisation level '" + textOf(given->level) + "'";
    return false;
  }
  options.codegen.optLevel = *level;
  return true;
}

edgecc_result_t *edgecc_compile(const char *path,
                                const edgecc_options_v0_t *given) {
  auto result = std::make_unique<edgecc_result>();
  CompileOptions options;
  if (!readOptions(given, options, *result))
    return result.release();
  Compiler compiler;
  mlir::ScopedDiagnosticHandler handler(
      &compiler.getContext(), [&](mlir::Diagnostic &diagnostic) {
        if (diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error)
          result->error +=
              (result->error.empty() ? "" : "\n") + diagnostic.str();
        return mlir::success();
      });
  llvm::FailureOr<CompiledModel> model = compiler.compile(path, options);
  if (failed(model)) {
    if (result->error.empty())
      result->error = "cannot compile the model";
    return result.release();
  }
  result->error.clear();
  llvm::raw_string_ostream os(result->header);
  writeHeader(model->interface, model->interface.name + ".h", os);
  result->object = std::move(model->object);
  return result.release();
}

const char *edgecc_result_error(const edgecc_result_t *result) {
  return result->error.empty() ? nullptr : result->error.c_str();
}

const void *edgecc_result_object(const edgecc_result_t *result, size_t *size) {
  if (!result->error.empty())
    return nullptr;
  *size = result->object.size();
  return result->object.data();
}

const char *edgecc_result_header(const edgecc_result_t *result) {
  return result->error.empty() ? result->header.c_str() : nullptr;
}

void edgecc_result_free(edgecc_result_t *result) { delete result; }
