//===- Programs.h - programs around a network -------------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What it takes to run a network in a program of its own: a folder for the
// files, the files, and the commands.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_COMPILER_RUN_PROGRAMS_H
#define EDGECC_COMPILER_RUN_PROGRAMS_H

#include "codegen/numpy/Npz.h"
#include "compiler/api/Compiler.h"

namespace edgecc {

llvm::Error makeError(const llvm::Twine &message);

/// A folder that goes with its contents.
class TemporaryFolder {
public:
  TemporaryFolder() = default;
  TemporaryFolder(const TemporaryFolder &) = delete;
  ~TemporaryFolder();
  llvm::Error create();
  /// The path of a file in it.
  std::string operator/(llvm::StringRef name) const;

private:
  llvm::SmallString<128> path;
};

llvm::Error writeFile(llvm::StringRef path, llvm::StringRef contents);

/// Writes `network.h`, `network.o`, `count.h`, and `inputs` with the bytes of
/// all inputs one after the other.
llvm::Error writeNetwork(const TemporaryFolder &folder,
                         const CompiledModel &model, const TensorData &inputs);

/// Reads `outputs`, with the bytes of all outputs one after the other.
llvm::Expected<TensorData> readOutputs(const TemporaryFolder &folder,
                                       const CompiledModel &model);

/// Reads `values`, with the bytes of all values that the network has shown one
/// after the other; nothing if it shows none.
llvm::Expected<TensorData> readValues(const TemporaryFolder &folder,
                                      const CompiledModel &model);

/// Room for the outputs of a network.
TensorData makeOutputs(const ModelInterface &interface);

/// Runs a program, with its standard output in the file `out` unless that is
/// empty, for at most `seconds` unless that is 0. The error has the first line
/// of what it wrote to the file `errors`.
llvm::Error runProgram(llvm::ArrayRef<std::string> command, llvm::StringRef out,
                       const std::string &errors, const llvm::Twine &what,
                       unsigned seconds = 0);

/// The words after which QEMU counts the instructions of a network, with our
/// plug-in at the path `counter`.
std::vector<std::string> getCounterWords(const TemporaryFolder &folder,
                                         llvm::StringRef counter);

/// Prints on a line how many it has counted.
llvm::Error printCount(const TemporaryFolder &folder, llvm::raw_ostream &os);

/// The full path of a program; an error that begins with `purpose` if it is
/// not on the path.
llvm::Expected<std::string> findProgram(llvm::StringRef name,
                                        const llvm::Twine &purpose);

} // namespace edgecc

#endif // EDGECC_COMPILER_RUN_PROGRAMS_H
