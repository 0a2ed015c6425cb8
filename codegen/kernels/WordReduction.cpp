//===- WordReduction.cpp - the bytes of a reduction as words ----*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/WordReduction.h"

#include "llvm/ADT/Sequence.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::kernels;

WordReduction::Elements WordReduction::leftOverElements() const {
  Elements all;
  for (int64_t run : llvm::seq(runs))
    for (int64_t i : llvm::seq(wholeWords() * 4, length)) {
      if (all.empty() || all.back().size() == 4)
        all.emplace_back();
      all.back().push_back(run * length + i);
    }
  return all;
}

WordReduction::Elements WordReduction::elements() const {
  Elements all;
  for (int64_t run : llvm::seq(runs))
    for (int64_t word : llvm::seq(wholeWords())) {
      int64_t first = run * length + word * 4;
      all.push_back({first, first + 1, first + 2, first + 3});
    }
  llvm::append_range(all, leftOverElements());
  all.resize(words());
  return all;
}

bool WordReduction::isRegular() const {
  constexpr int64_t most = 64;
  return length > 0 && leftOver() <= most;
}

namespace {

class WordGatherer {
public:
  WordGatherer(Emitter &e, const WordReduction &reduction,
               const WordSource &source, int64_t pitch,
               llvm::function_ref<void(Value, Value)> put)
      : e(e), reduction(reduction), source(source), pitch(pitch), put(put) {}

  void overRuns(ArrayRef<ReductionLevel> levels, Value base, Value to) {
    if (levels.empty())
      return run(base, to);
    const ReductionLevel &level = levels.front();
    int64_t step = level.rhsRows * reduction.wholeWords() * pitch;
    e.loop(0, level.count, 1, [&](Value i) {
      overRuns(levels.drop_front(), e.add(base, e.mul(i, level.lhsStep)),
               e.add(to, e.mul(i, step)));
    });
  }

  void leftOver(Value base, Value to) {
    // Where each run begins.
    SmallVector<int64_t> starts{0};
    for (const ReductionLevel &level : source.levels) {
      SmallVector<int64_t> inner;
      for (int64_t start : starts)
        for (int64_t i : llvm::seq(level.count))
          inner.push_back(start + i * level.lhsStep);
      starts = inner;
    }
    int64_t at = reduction.runs * reduction.wholeWords();
    for (ArrayRef<int64_t> word : reduction.leftOverElements()) {
      SmallVector<int64_t> positions;
      for (int64_t k : word)
        positions.push_back(starts[k / reduction.length] +
                            source.positions[k % reduction.length]);
      gather(base, positions, e.add(to, at++ * pitch));
    }
  }

private:
  void run(Value base, Value to) {
    int64_t count = reduction.wholeWords();
    ArrayRef<int64_t> positions(source.positions);
    bool isDense = positions.back() + 1 == int64_t(positions.size());
    if (!isDense) {
      for (int64_t word : llvm::seq(count))
        gather(base, positions.slice(word * 4, 4), e.add(to, word * pitch));
      return;
    }
    int64_t unroll = std::min<int64_t>(4, count);
    while (unroll > 1 && count % unroll)
      --unroll;
    e.loop(0, count, std::max<int64_t>(unroll, 1), [&](Value word) {
      Value from = e.add(base, e.mul(word, 4));
      Value at = e.add(to, e.mul(word, pitch));
      for (int64_t i : llvm::seq(unroll))
        gather(from, {4 * i, 4 * i + 1, 4 * i + 2, 4 * i + 3},
               e.add(at, i * pitch));
    });
  }

  void gather(Value base, ArrayRef<int64_t> positions, Value to) {
    put(loadWord(e, source.memref, base, positions, source.element,
                 e.getI32Type()),
        to);
  }

  Emitter &e;
  const WordReduction &reduction;
  const WordSource &source;
  int64_t pitch;
  llvm::function_ref<void(Value, Value)> put;
};

} // namespace

void kernels::gatherWords(Emitter &e, const WordReduction &reduction,
                          const WordSource &source, Value base, Value to,
                          int64_t pitch,
                          llvm::function_ref<void(Value, Value)> put) {
  WordGatherer gatherer(e, reduction, source, pitch, put);
  gatherer.overRuns(source.levels, base, to);
  gatherer.leftOver(base, to);
}
