//===- Load.cpp - file to protobuf -------------------------------*- C++
//-*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/import/ImportImpl.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include <google/protobuf/io/coded_stream.h>
#include <limits>

using namespace mlir;
using namespace edgecc;
using namespace edgecc::importer;

LogicalResult importer::loadModel(StringRef path, pb::ModelProto &model,
                                  MLIRContext *context) {
  Location loc = nameLoc(context, path);
  if (llvm::sys::fs::is_directory(path))
    return emitError(loc) << "cannot read '" << path << "': it is a folder";
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false);
  if (!buffer)
    return emitError(loc) << "cannot read '" << path
                          << "': " << tidyMessage(buffer.getError().message());
  StringRef bytes = (*buffer)->getBuffer();
  if (bytes.empty())
    return emitError(loc) << "'" << path
                          << "' is not an ONNX model: it is empty";
  if (bytes.size() > static_cast<size_t>(std::numeric_limits<int>::max()))
    return emitError(loc) << "'" << path
                          << "' is larger than 2 GB, which its format does not "
                             "allow; store the weights as external data";

  google::protobuf::io::CodedInputStream stream(
      reinterpret_cast<const uint8_t *>(bytes.data()),
      static_cast<int>(bytes.size()));
  if (!model.ParseFromCodedStream(&stream) || !stream.ConsumedEntireMessage()) {
    // The first field of a model is its IR version: what starts with it was a
    // model once.
    bool startsLikeModel = bytes.size() > 2 && bytes[0] == 0x08;
    return emitError(loc) << "'" << path << "' "
                          << (startsLikeModel ? "is truncated or damaged"
                                              : "is not an ONNX model");
  }
  if (!model.has_ir_version() || !model.has_graph())
    return emitError(loc) << "'" << path << "' is not an ONNX model: it has no "
                          << (model.has_graph() ? "IR version" : "graph");
  return success();
}
