//===- GuardedRun.cpp - runs a network among guard pages --------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/run/GuardedRun.h"

#include "compiler/run/Programs.h"
#include "compiler/run/Sizes.h"

#include "llvm/Support/MathExtras.h"
#include "llvm/Support/Process.h"
#include <sys/mman.h>

using namespace llvm;
using namespace edgecc;

namespace {

/// Which of the two guard pages memory touches.
enum class Side { Begin, End };

/// Zeros between two pages that cannot be accessed.
class GuardedMemory {
public:
  GuardedMemory(size_t bytes, size_t align, Side side) {
    size_t page = sys::Process::getPageSizeEstimate();
    size_t padded = alignTo(bytes, align);
    inside = alignTo(padded, page);
    all = inside + 2 * page;
    void *mapped =
        mmap(nullptr, all, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED)
      return;
    memory = static_cast<char *>(mapped);
    if (mprotect(memory + page, inside, PROT_READ | PROT_WRITE) != 0)
      return;
    begin = memory + page + (side == Side::End ? inside - padded : 0);
  }
  GuardedMemory(GuardedMemory &&other)
      : memory(std::exchange(other.memory, nullptr)), begin(other.begin),
        all(other.all), inside(other.inside) {}
  ~GuardedMemory() {
    if (memory)
      munmap(memory, all);
  }

  void makeReadOnly() {
    mprotect(memory + (all - inside) / 2, inside, PROT_READ);
  }

  /// Null if the system gives no memory.
  char *data() const { return begin; }

private:
  char *memory = nullptr, *begin = nullptr;
  size_t all = 0, inside = 0;
};

} // namespace

/// One run on memory that touches the guard pages of `side`, where each byte of
/// the arena is `filler`.
static Expected<TensorData> runOnce(LoadedModel &model,
                                    const ModelInterface &interface,
                                    const TensorData &inputs,
                                    const edgecc_threads_v0 *threads, Side side,
                                    int filler) {
  // What a caller has to keep to: elements are where their type may be.
  constexpr size_t align = 8;
  std::vector<GuardedMemory> memory;
  auto place = [&](size_t bytes, size_t align) {
    return memory.emplace_back(bytes, align, side).data();
  };
  auto noMemory = [] { return makeError("the system gives no memory"); };
  SmallVector<const void *> in;
  for (const auto &input : inputs) {
    char *copy = place(input.size(), align);
    if (!copy)
      return noMemory();
    llvm::copy(input, copy);
    memory.back().makeReadOnly();
    in.push_back(copy);
  }
  TensorData outputs = makeOutputs(interface);
  SmallVector<void *> out;
  for (const auto &output : outputs) {
    out.push_back(place(output.size(), align));
    if (!out.back())
      return noMemory();
  }
  char *arena = place(interface.arenaBytes, interface.arenaAlign);
  if (!arena)
    return noMemory();
  memset(arena, filler, interface.arenaBytes);
  if (Error error = model.run(in, out, threads, arena))
    return std::move(error);
  for (auto [output, pointer] : zip(outputs, out))
    llvm::copy(ArrayRef<char>(static_cast<char *>(pointer), output.size()),
               output.begin());
  return outputs;
}

Expected<TensorData> edgecc::runGuarded(LoadedModel &model,
                                        const ModelInterface &interface,
                                        const TensorData &inputs,
                                        const edgecc_threads_v0 *threads) {
  auto first = runOnce(model, interface, inputs, threads, Side::End, 0xFF);
  if (!first)
    return first.takeError();
  auto second = runOnce(model, interface, inputs, threads, Side::Begin, 0x11);
  if (!second)
    return second.takeError();
  // Of bounded shapes, what lies beyond their sizes says nothing.
  SizedOutputs sized = takeSizes(interface, *first);
  for (auto [tensor, one, other] :
       zip(sized.tensors, sized.data, takeSizes(interface, *second).data))
    if (one != other)
      return makeError("output '" + tensor.name +
                       "' depends on what its memory held before");
  return first;
}
