//===- Programs.cpp - programs around a network -----------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/run/Programs.h"

#include "codegen/object/Header.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace edgecc;

/// Where programs begin and end to count.
static constexpr StringLiteral countHeader =
#include "compiler/run/count.h.inc"
    ;

Error edgecc::makeError(const Twine &message) {
  return createStringError(inconvertibleErrorCode(), message);
}

TemporaryFolder::~TemporaryFolder() {
  if (!path.empty())
    sys::fs::remove_directories(path);
}

Error TemporaryFolder::create() {
  if (sys::fs::createUniqueDirectory("edgecc-run", path))
    return makeError("cannot make a temporary folder");
  return Error::success();
}

std::string TemporaryFolder::operator/(StringRef name) const {
  SmallString<128> result(path);
  sys::path::append(result, name);
  return std::string(result);
}

Error edgecc::writeFile(StringRef path, StringRef contents) {
  std::error_code code;
  raw_fd_ostream os(path, code);
  if (!code) {
    os << contents;
    os.close();
    code = os.error();
    os.clear_error();
  }
  if (code)
    return makeError("cannot write '" + path + "': " + code.message());
  return Error::success();
}

Error edgecc::writeNetwork(const TemporaryFolder &folder,
                           const CompiledModel &model,
                           const TensorData &inputs) {
  std::string header, bytes;
  raw_string_ostream os(header);
  writeHeader(model.interface, "network.h", os);
  for (auto [tensor, input] : zip(model.interface.inputs, inputs))
    bytes.append(input.data(), tensor.bytes);
  const std::pair<StringRef, StringRef> files[] = {
      {"network.h", header},
      {"network.o", {model.object.data(), model.object.size()}},
      {"count.h", countHeader},
      {"inputs", bytes}};
  for (auto [name, contents] : files)
    if (Error error = writeFile(folder / name, contents))
      return error;
  return Error::success();
}

TensorData edgecc::makeOutputs(const ModelInterface &interface) {
  TensorData outputs;
  for (const TensorInterface &output : interface.outputs)
    outputs.emplace_back(std::max<int64_t>(output.bytes, 1));
  return outputs;
}

/// Fills `tensors` with what the file of that name has, one after the other.
static Error readTensors(const TemporaryFolder &folder, StringRef name,
                         MutableArrayRef<MutableArrayRef<char>> tensors) {
  auto result = MemoryBuffer::getFile(folder / name);
  if (!result)
    return makeError("the network wrote no " + name);
  StringRef rest = (*result)->getBuffer();
  for (MutableArrayRef<char> tensor : tensors) {
    if (rest.size() < tensor.size())
      return makeError("the network's " + name + " are too short");
    llvm::copy(rest.take_front(tensor.size()), tensor.begin());
    rest = rest.drop_front(tensor.size());
  }
  return Error::success();
}

Expected<TensorData> edgecc::readOutputs(const TemporaryFolder &folder,
                                         const CompiledModel &model) {
  TensorData outputs = makeOutputs(model.interface);
  SmallVector<MutableArrayRef<char>> places;
  for (auto [tensor, output] : zip(model.interface.outputs, outputs))
    places.emplace_back(output.data(), tensor.bytes);
  if (Error error = readTensors(folder, "outputs", places))
    return std::move(error);
  return outputs;
}

Expected<TensorData> edgecc::readValues(const TemporaryFolder &folder,
                                        const CompiledModel &model) {
  TensorData values;
  for (const ValueInterface &value : model.interface.values)
    values.emplace_back(value.tensor.bytes);
  SmallVector<MutableArrayRef<char>> places(values.begin(), values.end());
  if (!values.empty())
    if (Error error = readTensors(folder, "values", places))
      return std::move(error);
  return values;
}

Error edgecc::runProgram(ArrayRef<std::string> command, StringRef out,
                         const std::string &errors, const Twine &what,
                         unsigned seconds) {
  SmallVector<StringRef> arguments(command.begin(), command.end());
  std::optional<StringRef> redirects[] = {
      StringRef(""), out.empty() ? std::nullopt : std::optional(out),
      StringRef(errors)};
  std::string message;
  int status = sys::ExecuteAndWait(command.front(), arguments, std::nullopt,
                                   redirects, seconds, 0, &message);
  if (status == 0)
    return Error::success();
  if (auto buffer = MemoryBuffer::getFile(errors)) {
    // The first line says what is wrong, after a signal the last one.
    StringRef text = (*buffer)->getBuffer().trim();
    if (message.empty())
      message = text.split('\n').first.str();
    else if (!text.empty())
      message += ": " + text.substr(text.rfind('\n') + 1).str();
  }
  return makeError(what + " failed with status " + Twine(status) +
                   (message.empty() ? "" : ": " + message));
}

std::vector<std::string> edgecc::getCounterWords(const TemporaryFolder &folder,
                                                 StringRef counter) {
  // It reads the names of functions for its log only: -d.
  return {"-d", "plugin", "-plugin",
          counter.str() + ",out=" + folder / "count"};
}

Error edgecc::printCount(const TemporaryFolder &folder, raw_ostream &os) {
  auto count = MemoryBuffer::getFile(folder / "count");
  if (!count)
    return makeError("the emulator has counted no instructions");
  os << (*count)->getBuffer();
  return Error::success();
}

Expected<std::string> edgecc::findProgram(StringRef name,
                                          const Twine &purpose) {
  auto program = sys::findProgramByName(name);
  if (!program)
    return makeError(purpose + ": '" + name + "' is not on the path");
  return *program;
}
