//===- Description.cpp - what a file says of an NPU -------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/npu/desc/Description.h"
#include "codegen/npu/FieldReader.h"

#include "llvm/ADT/StringExtras.h"

using namespace edgecc::npu;
namespace json = llvm::json;

static constexpr llvm::StringRef operatorList[] = {
    "conv",    "depthwise_conv", "grouped_conv", "matmul",    "add", "max_pool",
    "reshape", "clamp",          "concat",       "transpose", "pad"};
static constexpr llvm::StringRef typeList[] = {"i8", "u8"};

llvm::ArrayRef<llvm::StringRef> Description::operatorNames() {
  return operatorList;
}

static void readOperators(const json::Object &object, Description &result,
                          std::string &error) {
  for (const auto &[name, value] : object) {
    const json::Object *fields = value.getAsObject();
    if (!llvm::is_contained(operatorList, llvm::StringRef(name)) || !fields) {
      if (error.empty())
        error = fields ? "unknown operator '" + name.str() +
                             "'; expected some of " +
                             llvm::join(Description::operatorNames(), ", ")
                       : "'operators." + name.str() + "' expects an object";
      return;
    }
    FieldReader reader(*fields, "operators." + name.str() + ".", error);
    OperatorLimits &limits = result.operators[name];
    reader.readInteger("max_kernel", 1, limits.kernel);
    reader.readInteger("max_stride", 1, limits.stride);
    reader.readInteger("max_dilation", 1, limits.dilation);
    reader.readInteger("max_channels", 1, limits.channels);
  }
}

static void readFields(const json::Object &object, Description &result,
                       std::string &error) {
  FieldReader reader(object, "", error);
  reader.readFormat();
  reader.readIdentifier("name", result.name);
  reader.readIdentifier("driver", result.driver);
  if (const json::Object *functions = reader.readObject("asynchronous")) {
    FieldReader fields(*functions, "asynchronous.", error);
    fields.readIdentifier("start", result.start);
    fields.readIdentifier("wait", result.wait);
    llvm::StringRef names[] = {result.driver, result.start, result.wait};
    if (names[0] == names[1] || names[1] == names[2] || names[0] == names[2])
      fields.fail("'driver', 'asynchronous.start' and 'asynchronous.wait' "
                  "expect three functions");
  }
  if (const json::Array *types = reader.readArray("types"))
    for (const json::Value &type : *types) {
      std::string name = type.getAsString().value_or("").str();
      if (!llvm::is_contained(typeList, llvm::StringRef(name)))
        reader.fail("'types' expects some of " +
                    llvm::join(llvm::ArrayRef(typeList), ", "));
      result.types.push_back(name);
    }
  if (result.types.empty())
    reader.fail("'types' expects some of " +
                llvm::join(llvm::ArrayRef(typeList), ", "));
  if (const json::Object *operators = reader.readObject("operators"))
    readOperators(*operators, result, error);
  if (result.operators.empty())
    reader.fail("'operators' expects some of " +
                llvm::join(Description::operatorNames(), ", "));
  if (const json::Object *limits = reader.readObject("limits")) {
    FieldReader fields(*limits, "limits.", error);
    fields.readInteger("weight_bytes", 0, result.weightBytes);
    fields.readInteger("scratch_bytes", 0, result.scratchBytes);
    fields.readInteger("operations", 1, result.operations);
  }
  if (const json::Object *costs = reader.readObject("costs")) {
    FieldReader fields(*costs, "costs.", error);
    fields.readNumber("macs_per_cycle", false, result.macsPerCycle);
    fields.readNumber("bytes_per_cycle", false, result.bytesPerCycle);
    result.costs.read(fields);
  }
  bool multiplies = false;
  for (llvm::StringRef name :
       {"conv", "depthwise_conv", "grouped_conv", "matmul"})
    multiplies |= result.operators.contains(name);
  if (multiplies && result.weightBytes == 0)
    reader.fail("'limits.weight_bytes' is 0, and 'operators' has some with "
                "weights");
}

llvm::Expected<Description> Description::parse(llvm::StringRef text) {
  return parseFields<Description>(text, readFields);
}
