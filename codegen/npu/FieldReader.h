//===- FieldReader.h - descriptions of NPUs in JSON -------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_NPU_FIELDREADER_H
#define EDGECC_CODEGEN_NPU_FIELDREADER_H

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"

#include <string>

namespace edgecc::npu {

/// Reads the fields of an object and keeps the first error.
class FieldReader {
public:
  FieldReader(const llvm::json::Object &object, std::string path,
              std::string &error)
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
    const llvm::json::Value *field = find(name);
    std::optional<int64_t> found = field ? field->getAsInteger() : std::nullopt;
    if (field && (!found || *found < least))
      return fail("'" + path + name.str() +
                  "' expects an integer of at least " + std::to_string(least));
    if (found)
      value = *found;
  }

  void readNumber(llvm::StringRef name, bool mayBeZero, double &value) {
    const llvm::json::Value *field = find(name);
    std::optional<double> found = field ? field->getAsNumber() : std::nullopt;
    if (field && (!found || *found < 0 || (*found == 0 && !mayBeZero)))
      return fail("'" + path + name.str() + "' expects a number " +
                  (mayBeZero ? "of at least 0" : "above 0"));
    if (found)
      value = *found;
  }

  void readIdentifier(llvm::StringRef name, std::string &value) {
    const llvm::json::Value *field = find(name);
    std::optional<llvm::StringRef> found =
        field ? field->getAsString() : std::nullopt;
    auto isWord = [](char c) { return llvm::isAlnum(c) || c == '_'; };
    if (!found || found->empty() || llvm::isDigit(found->front()) ||
        !llvm::all_of(*found, isWord))
      return fail("'" + path + name.str() + "' expects a C identifier");
    value = found->str();
  }

  /// The version of the file, of which there is one.
  void readFormat() {
    int64_t format = -1;
    readInteger("format", 0, format);
    if (format != 0)
      fail("'format' expects 0, the only version of this file there is");
  }

  /// A name that is not empty.
  void readString(llvm::StringRef name, std::string &value) {
    const llvm::json::Value *field = find(name);
    std::optional<llvm::StringRef> found =
        field ? field->getAsString() : std::nullopt;
    if (!found || found->empty())
      return fail("'" + path + name.str() + "' expects a string");
    value = found->str();
  }

  /// The object of that name; null if it is not there.
  const llvm::json::Object *readObject(llvm::StringRef name) {
    const llvm::json::Value *field = find(name);
    const llvm::json::Object *found = field ? field->getAsObject() : nullptr;
    if (field && !found)
      fail("'" + path + name.str() + "' expects an object");
    return found;
  }

  const llvm::json::Array *readArray(llvm::StringRef name) {
    const llvm::json::Value *field = find(name);
    const llvm::json::Array *found = field ? field->getAsArray() : nullptr;
    if (field && !found)
      fail("'" + path + name.str() + "' expects a list");
    return found;
  }

private:
  const llvm::json::Value *find(llvm::StringRef name) {
    known.push_back(name);
    return object.get(name);
  }

  const llvm::json::Object &object;
  std::string path;
  std::string &error;
  llvm::SmallVector<llvm::StringRef> known;
};

/// What `read` makes of a file of one object, or its first error.
template <typename T>
llvm::Expected<T> parseFields(llvm::StringRef text,
                              void (*read)(const llvm::json::Object &, T &,
                                           std::string &)) {
  llvm::Expected<llvm::json::Value> value = llvm::json::parse(text);
  if (!value)
    return value.takeError();
  std::string error;
  T result;
  if (const llvm::json::Object *object = value->getAsObject())
    read(*object, result, error);
  else
    error = "expected an object";
  if (!error.empty())
    return llvm::createStringError(error);
  return result;
}

} // namespace edgecc::npu

#endif // EDGECC_CODEGEN_NPU_FIELDREADER_H
