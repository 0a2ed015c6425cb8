//===- Vela.cpp - Arm's compiler for Ethos-U --------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/npu/ethos_u/Vela.h"
#include "codegen/numpy/Npz.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"

using namespace llvm;
using namespace edgecc;
using namespace edgecc::npu;

static Error makeError(const Twine &message) {
  return createStringError(inconvertibleErrorCode(), message);
}

/// The lines of Vela's output that say what went wrong: the last ones.
static std::string complaintOf(StringRef path) {
  auto file = MemoryBuffer::getFile(path);
  if (!file)
    return "it has printed nothing";
  SmallVector<StringRef> lines;
  (*file)->getBuffer().split(lines, '\n', -1, /*KeepEmpty=*/false);
  size_t first = lines.size();
  for (size_t i = lines.size(); i-- > 0;)
    if (lines[i].contains("Error") || lines[i].contains("ERROR")) {
      first = i;
      if (!lines[i].contains("ERROR_IF"))
        break;
    }
  first = std::min(first, lines.size() - std::min<size_t>(lines.size(), 4));
  constexpr size_t most = 8;
  SmallVector<StringRef> last(ArrayRef(lines).drop_front(first));
  if (last.size() > most)
    last.truncate(most);
  for (StringRef &line : last)
    line = line.trim();
  return join(last, "; ");
}

static Error execute(StringRef program, StringRef file, StringRef folder,
                     const VelaTarget &target) {
  SmallString<128> log(folder);
  sys::path::append(log, "vela.log");
  StringRef args[] = {program,
                      file,
                      "--output-dir",
                      folder,
                      "--output-format",
                      "raw",
                      "--accelerator-config",
                      target.accelerator,
                      "--config",
                      "Arm/vela.ini",
                      "--system-config",
                      target.system,
                      "--memory-mode",
                      target.memoryMode};
  std::string message;
  bool failedToStart = false;
  int status = sys::ExecuteAndWait(
      program, args, std::nullopt, {StringRef(""), log.str(), log.str()},
      target.seconds, /*MemoryLimit=*/0, &message, &failedToStart);
  if (status == 0)
    return Error::success();
  if (failedToStart)
    return makeError("cannot start '" + program + "': " + message);
  if (status == -2)
    return makeError("vela has not ended within " + Twine(target.seconds) +
                     " seconds, or has crashed: " + complaintOf(log));
  return makeError("vela has failed: " + complaintOf(log));
}

/// The elements of an array of 32-bit or 64-bit integers.
static Expected<std::vector<int64_t>>
readIntegers(const StringMap<NpzArray> &arrays, StringRef name) {
  auto found = arrays.find(name);
  if (found == arrays.end())
    return makeError("vela has written no '" + name + "'");
  const NpzArray &array = found->second;
  unsigned bytes = array.type == "<i8" ? 8 : array.type == "<i4" ? 4 : 0;
  if (!bytes)
    return makeError("vela has written '" + name + "' as " + array.type +
                     ", expected integers");
  std::vector<int64_t> result;
  for (size_t at = 0; at + bytes <= array.bytes.size(); at += bytes)
    result.push_back(
        bytes == 8
            ? int64_t(support::endian::read64le(array.bytes.data() + at))
            : int32_t(support::endian::read32le(array.bytes.data() + at)));
  return result;
}

/// The column `cycles_total` of the summary.
static int64_t readCycles(StringRef path) {
  auto file = MemoryBuffer::getFile(path);
  if (!file)
    return 0;
  auto [names, values] = (*file)->getBuffer().split('\n');
  SmallVector<StringRef> columns, row;
  names.trim().split(columns, ',');
  values.split('\n').first.trim().split(row, ',');
  for (auto [name, value] : zip(columns, row))
    if (double cycles; name == "cycles_total" && !value.getAsDouble(cycles))
      return int64_t(cycles);
  return 0;
}

static Expected<VelaOutput> readOutput(StringRef path) {
  auto arrays = readNpzArrays(path);
  if (!arrays)
    return arrays.takeError();
  StringMap<std::vector<int64_t>> numbers;
  for (StringRef name : {"input_offset", "output_offset", "input_region",
                         "output_region", "scratch_size", "scratch_fast_size",
                         "weight_region", "scratch_region"}) {
    auto read = readIntegers(*arrays, name);
    if (!read)
      return read.takeError();
    numbers[name] = std::move(*read);
  }
  // The order in which the driver hands them over.
  auto areAll = [&](StringRef name, int64_t region) {
    return all_of(numbers[name], [&](int64_t r) { return r == region; });
  };
  if (!areAll("weight_region", 0) || !areAll("scratch_region", 1) ||
      !areAll("input_region", 1) || !areAll("output_region", 1))
    return makeError("vela has laid memory out in another way than expected: "
                     "weights in region 0, tensors in region 1");
  VelaOutput output;
  output.commands = arrays->lookup("cmd_data").bytes;
  output.weights = arrays->lookup("weight_data").bytes;
  output.tensorBytes = numbers["scratch_size"].front();
  output.fastBytes = numbers["scratch_fast_size"].front();
  output.inputOffsets = numbers["input_offset"];
  output.outputOffsets = numbers["output_offset"];
  return output;
}

Expected<VelaOutput> npu::runVela(ArrayRef<char> tosa,
                                  const VelaTarget &target) {
  ErrorOr<std::string> program = sys::findProgramByName("vela");
  if (!program)
    return makeError(
        "the program 'vela', which compiles for Ethos-U, is not in PATH; it is "
        "in the Python package ethos-u-vela");
  SmallString<128> folder;
  if (std::error_code error = sys::fs::createUniqueDirectory("edgecc", folder))
    return makeError("cannot make a temporary folder: " + error.message());
  scope_exit cleanUp([&] { sys::fs::remove_directories(folder); });
  SmallString<128> file(folder), output(folder);
  sys::path::append(file, "region.tosa");
  sys::path::append(output, "region_vela.npz");
  std::error_code error;
  raw_fd_ostream stream(file, error);
  if (!error) {
    stream.write(tosa.data(), tosa.size());
    stream.close();
    error = stream.error();
  }
  if (error)
    return makeError("cannot write '" + file + "': " + error.message());
  if (Error failure = execute(*program, file, folder, target))
    return std::move(failure);
  Expected<VelaOutput> result = readOutput(output);
  if (!result)
    return result.takeError();
  SmallString<128> summary(folder);
  sys::path::append(summary, "region_summary_" + target.system + ".csv");
  result->cycles = readCycles(summary);
  return result;
}
