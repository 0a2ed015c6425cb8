//===- Jit.cpp - runs an object in this process -----------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/object/Jit.h"

#include "codegen/cpu/ResolveCpu.h"
#include "codegen/object/LayerTimers.h"
#include "runtime/include/edgecc/model.h"
#include "runtime/include/edgecc/threads.h"

#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/Support/AlignOf.h"
#include "llvm/Support/Memory.h"

using namespace llvm;
using namespace edgecc;

namespace {
struct FreeAligned {
  size_t bytes = 0, align = 1;
  void operator()(char *memory) const {
    deallocate_buffer(memory, bytes, align);
  }
};
} // namespace

struct LoadedModel::Impl {
  std::unique_ptr<orc::LLJIT> jit;
  const edgecc_model_v0_t *table = nullptr;
  MutableArrayRef<uint64_t> layerTimes;
  /// Null for a network without threads.
  int32_t (*runWithThreads)(const void *const *inputs, void *const *outputs,
                            void *arena, size_t given,
                            const edgecc_threads_v0_t *threads) = nullptr;
  std::unique_ptr<char, FreeAligned> arena;
};

LoadedModel::LoadedModel(std::unique_ptr<Impl> impl) : impl(std::move(impl)) {}
LoadedModel::~LoadedModel() = default;

Expected<std::unique_ptr<LoadedModel>>
LoadedModel::load(StringRef object, const ModelInterface &model) {
  initializeTargets();
  auto impl = std::make_unique<Impl>();
  // An object of ours needs neither initialisers nor the symbols of this
  // process.
  auto jit = orc::LLJITBuilder()
                 .setPlatformSetUp(orc::setUpInactivePlatform)
                 .setLinkProcessSymbolsByDefault(false)
                 .create();
  if (!jit)
    return jit.takeError();
  impl->jit = std::move(*jit);
  if (Error error = impl->jit->addObjectFile(
          MemoryBuffer::getMemBufferCopy(object, model.name)))
    return std::move(error);
  auto address = impl->jit->lookup(model.name + "_model");
  if (!address)
    return address.takeError();
  impl->table = address->toPtr<const edgecc_model_v0_t *>();
  auto times = impl->jit->lookup(layerTimersSymbol(model.name));
  if (times) {
    auto *array = times->toPtr<uint64_t *>();
    impl->layerTimes = {array + 1, size_t(array[0])};
  } else {
    consumeError(times.takeError());
  }
  if (model.threads > 1) {
    auto run = impl->jit->lookup(model.name + "_run_arrays");
    if (!run)
      return run.takeError();
    impl->runWithThreads = run->toPtr<decltype(impl->runWithThreads)>();
  }
  FreeAligned deleter{impl->table->arena_bytes, impl->table->arena_align};
  impl->arena = {
      static_cast<char *>(allocate_buffer(deleter.bytes, deleter.align)),
      deleter};
  return std::unique_ptr<LoadedModel>(new LoadedModel(std::move(impl)));
}

std::vector<uint64_t> LoadedModel::takeLayerTimes() {
  std::vector<uint64_t> times(impl->layerTimes.begin(), impl->layerTimes.end());
  llvm::fill(impl->layerTimes, 0);
  return times;
}

Error LoadedModel::run(ArrayRef<const void *> inputs, ArrayRef<void *> outputs,
                       const edgecc_threads_v0 *threads, char *arena) {
  size_t given = impl->table->arena_bytes;
  if (!arena)
    arena = impl->arena.get();
  int32_t status =
      impl->runWithThreads
          ? impl->runWithThreads(inputs.data(), outputs.data(), arena, given,
                                 threads)
          : impl->table->run(inputs.data(), outputs.data(), arena, given);
  if (status != EDGECC_OK)
    return createStringError("the network returned status %d", int(status));
  return Error::success();
}
