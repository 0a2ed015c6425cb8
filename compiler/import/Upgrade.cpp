//===- Upgrade.cpp - models of old opsets -----------------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Up to opset 6, operators said by attributes how they broadcast. The ONNX
// library's converter writes such a model anew in the oldest opset that the
// converters know.
//
//===----------------------------------------------------------------------===//

#include "compiler/import/ImportImpl.h"
#include "onnx/version_converter/convert.h"

using namespace edgecc;
using namespace edgecc::importer;

void importer::upgrade(pb::ModelProto &model) {
  OpsetMap opsets = getOpsets(model);
  auto opset = opsets.find("");
  if (opset == opsets.end() || opset->second < 1 ||
      opset->second >= kOldestOpset || model.ir_version() < 3)
    return;
  try {
    model = ::onnx::version_conversion::ConvertVersion(model, kOldestOpset);
    normalise(model);
  } catch (const std::exception &) {
    // The check of the opset reports it.
  }
}
