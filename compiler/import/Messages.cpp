//===- Messages.cpp - texts of the importer's errors -------------*- C++
//-*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/import/ImportImpl.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::importer;

std::string importer::describe(const pb::NodeProto &node,
                               const OpsetMap &opsets) {
  std::string text = "node '" + node.name() + "' (operator " + node.op_type() +
                     ", domain " +
                     (node.domain().empty() ? "ai.onnx" : node.domain());
  if (auto it = opsets.find(node.domain()); it != opsets.end())
    text += ", opset " + std::to_string(it->second);
  return text + ")";
}

std::string importer::tidyMessage(StringRef message) {
  message = message.split("\n\n==> Context:").first.trim();
  while (message.consume_front("[ShapeInferenceError]") ||
         message.consume_front("[TypeInferenceError]"))
    message = message.ltrim();
  // The caller names node or tensor better than the message does.
  for (StringRef subject : {"Node(", "Node (", "TensorProto ("})
    if (message.starts_with(subject))
      message = message.split(')').second.ltrim();
  if (message.consume_front("with schema("))
    message = message.split(')').second.ltrim();
  message = message.rtrim(". \n");

  std::string text;
  for (StringRef line : llvm::split(message, '\n')) {
    line = line.trim();
    if (line.empty())
      continue;
    if (!text.empty())
      text += ' ';
    text += line;
  }
  // A word in capitals (a type, an operator) keeps them.
  if (text.size() > 1 && !llvm::isUpper(text[1]))
    text[0] = llvm::toLower(text[0]);
  return text;
}

Location importer::nameLoc(MLIRContext *context, StringRef name) {
  return NameLoc::get(StringAttr::get(context, name));
}
