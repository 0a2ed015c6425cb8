//===- Jit.h - runs an object in this process -------------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_OBJECT_JIT_H
#define EDGECC_CODEGEN_OBJECT_JIT_H

#include "codegen/object/ModelInterface.h"
#include "llvm/Support/Error.h"
#include <memory>
#include <vector>

struct edgecc_threads_v0;

namespace edgecc {

/// A network in this process: the object that a user would link, loaded.
class LoadedModel {
public:
  /// Loads an object compiled for this machine. Fails if it is for another
  /// one.
  static llvm::Expected<std::unique_ptr<LoadedModel>>
  load(llvm::StringRef object, const ModelInterface &model);
  ~LoadedModel();

  /// What its layers have taken since the last time that this was asked, in the
  /// order of their calls and in the unit of `LayerTimers.h`; empty if the
  /// network was compiled without timers.
  std::vector<uint64_t> takeLayerTimes();

  /// Runs the network once on one pointer per input and output, in the order
  /// of the interface. Not to be called twice at the same time. `threads`, if
  /// the network is made for several, is a hook for them. The arena is one of
  /// its own unless the caller gives one, as large as the interface says.
  llvm::Error run(llvm::ArrayRef<const void *> inputs,
                  llvm::ArrayRef<void *> outputs,
                  const edgecc_threads_v0 *threads = nullptr,
                  char *arena = nullptr);

private:
  struct Impl;
  explicit LoadedModel(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl;
};

} // namespace edgecc

#endif // EDGECC_CODEGEN_OBJECT_JIT_H
