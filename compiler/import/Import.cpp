//===- Import.cpp - model file to onnx dialect -------------------*- C++
//-*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/import/Import.h"
#include "compiler/import/ImportImpl.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::importer;

/// The opsets as a dictionary for later messages.
static DictionaryAttr getOpsetsAttr(const OpsetMap &opsets, Builder &builder) {
  NamedAttrList attrs;
  for (const auto &[domain, version] : opsets)
    attrs.set(domain.empty() ? "ai.onnx" : StringRef(domain),
              builder.getI64IntegerAttr(version));
  return attrs.getDictionary(builder.getContext());
}

static OwningOpRef<ModuleOp> import(StringRef path,
                                    const ImportOptions &options,
                                    MLIRContext *context,
                                    DimensionNames &names) {
  pb::ModelProto model;
  if (failed(loadModel(path, model, context)))
    return {};
  normalise(model);
  upgrade(model);
  names = getDimensionNames(model);
  if (failed(checkModel(model, path, context)) ||
      failed(bindDimensions(model, options, context)) ||
      failed(inferTypes(model, context)))
    return {};

  Builder builder(context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(nameLoc(context, path));
  OpsetMap opsets = getOpsets(model);
  (*module)->setAttr(edgecc::onnx::kOpsetsAttr, getOpsetsAttr(opsets, builder));
  (*module)->setAttr(edgecc::onnx::kIrVersionAttr,
                     builder.getI64IntegerAttr(model.ir_version()));

  if (DictionaryAttr open = getOpenDimensions(model, names, builder);
      !open.empty())
    (*module)->setAttr(edgecc::onnx::kOpenDimsAttr, open);

  FunctionMap functions;
  for (const pb::FunctionProto &function : model.functions())
    functions[getFunctionId(function)] = &function;
  TensorReader tensors(context, llvm::sys::path::parent_path(path));
  GraphBuilder graphs(context, tensors, std::move(functions));
  if (failed(graphs.buildMain(*model.mutable_graph(), opsets, *module)) ||
      failed(verify(*module)))
    return {};
  return module;
}

OwningOpRef<ModuleOp> edgecc::importOnnx(StringRef path,
                                         const ImportOptions &options,
                                         MLIRContext *context) {
  context->loadDialect<func::FuncDialect, edgecc::onnx::OnnxDialect>();
  try {
    auto importAt = [&](const ImportOptions &at, DimensionNames &names) {
      return import(path, at, context, names);
    };
    DimensionNames names;
    return options.bounds.empty() ? importAt(options, names)
                                  : importBounded(options, importAt);
  } catch (const std::exception &e) {
    emitError(nameLoc(context, path))
        << "'" << path << "': " << tidyMessage(e.what());
    return {};
  }
}
