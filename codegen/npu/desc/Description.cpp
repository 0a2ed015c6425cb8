//===- Description.cpp - what a file says of an NPU -------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/npu/desc/Description.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"

using namespace edgecc::npu;
namespace json = llvm::json;

static constexpr llvm::StringRef operatorList[] = {
    "conv",    "depthwise_conv", "grouped_conv", "matmul",    "add", "max_pool",
    "reshape", "clamp",          "concat",       "transpose", "pad"};
static constexpr llvm::StringRef typeList[] = {"i8", "u8"};

llvm::ArrayRef<llvm::StringRef> Description::operatorNames() {
  return operatorList;
}

namespace {

/// Reads the fields of an object and keeps the first error.
class FieldReader {
public:
  FieldReader(const json::Object &object, std::string path, std::string &error)
      : object(object), path(std::move(path)), error(error) {}

  ~FieldReader() {
    for (const auto &field : object)
      if (!llvm::is_contained(known, llvm::StringRef(field.first)))
        fail("unknown field '" + path + field.first.str() + "'; expected " +
             llvm::join(known, ", "));
  }

  void fail(const std::string &message) {
    if (error.empty())
      error = message;
  }

  void readInteger(llvm::StringRef name, int64_t least, int64_t &value) {
    const json::Value *field = find(name);
    std::optional<int64_t> found = field ? field->getAsInteger() : std::nullopt;
    if (field && (!found || *found < least))
      return fail("'" + path + name.str() +
                  "' expects an integer of at least " + std::to_string(least));
    if (found)
      value = *found;
  }

  void readNumber(llvm::StringRef name, bool mayBeZero, double &value) {
    const json::Value *field = find(name);
    std::optional<double> found = field ? field->getAsNumber() : std::nullopt;
    if (field && (!found || *found < 0 || (*found == 0 && !mayBeZero)))
      return fail("'" + path + name.str() + "' expects a number " +
                  (mayBeZero ? "of at least 0" : "above 0"));
    if (found)
      value = *found;
  }

  void readIdentifier(llvm::StringRef name, std::string &value) {
    const json::Value *field = find(name);
    std::optional<llvm::StringRef> found =
        field ? field->getAsString() : std::nullopt;
    auto isWord = [](char c) { return llvm::isAlnum(c) || c == '_'; };
    if (!found || found->empty() || llvm::isDigit(found->front()) ||
        !llvm::all_of(*found, isWord))
      return fail("'" + path + name.str() + "' expects a C identifier");
    value = found->str();
  }

  /// The object of that name; null if it is not there.
  const json::Object *readObject(llvm::StringRef name) {
    const json::Value *field = find(name);
    const json::Object *found = field ? field->getAsObject() : nullptr;
    if (field && !found)
      fail("'" + path + name.str() + "' expects an object");
    return found;
  }

  const json::Array *readArray(llvm::StringRef name) {
    const json::Value *field = find(name);
    const json::Array *found = field ? field->getAsArray() : nullptr;
    if (field && !found)
      fail("'" + path + name.str() + "' expects a list");
    return found;
  }

private:
  const json::Value *find(llvm::StringRef name) {
    known.push_back(name);
    return object.get(name);
  }

  const json::Object &object;
  std::string path;
  std::string &error;
  llvm::SmallVector<llvm::StringRef> known;
};

} // namespace

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
  int64_t format = -1;
  reader.readInteger("format", 0, format);
  if (format != 0)
    reader.fail("'format' expects 0, the only version of this file there is");
  reader.readIdentifier("name", result.name);
  reader.readIdentifier("driver", result.driver);
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
    fields.readNumber("launch_cycles", true, result.launchCycles);
    fields.readNumber("cpu_macs_per_cycle", false, result.cpuMacsPerCycle);
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
  llvm::Expected<json::Value> value = json::parse(text);
  if (!value)
    return value.takeError();
  std::string error;
  Description result;
  if (const json::Object *object = value->getAsObject())
    readFields(*object, result, error);
  else
    error = "expected an object";
  if (!error.empty())
    return llvm::createStringError(error);
  return result;
}
