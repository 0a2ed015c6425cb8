//===- WordReduction.h - the bytes of a reduction as words ------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// The bytes that one pixel of a contraction reads, gathered from their runs and
// put one after the other. Whole words of each run come first, then what the
// runs leave over, four bytes to a word again.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_KERNELS_WORDREDUCTION_H
#define EDGECC_CODEGEN_KERNELS_WORDREDUCTION_H

#include "codegen/kernels/GemmKernel.h"

namespace edgecc::kernels {

/// A reduction over `runs` runs of `length` neighbouring elements.
struct WordReduction {
  int64_t runs = 1, length = 1;
  /// The number of words is a multiple of this.
  int64_t step = 1;

  /// Numbers of elements of the reduction, up to four for each word.
  using Elements = llvm::SmallVector<llvm::SmallVector<int64_t, 4>>;

  int64_t wholeWords() const { return length / 4; }
  int64_t leftOver() const { return runs * (length % 4); }
  /// Words that have an element.
  int64_t usedWords() const {
    return runs * wholeWords() + (leftOver() + 3) / 4;
  }
  int64_t words() const { return (usedWords() + step - 1) / step * step; }
  /// The elements in each word, and those of what the runs leave over.
  Elements elements() const;
  Elements leftOverElements() const;

  /// Whether what the runs leave over takes little code.
  bool isRegular() const;
};

/// Where the elements of a reduction lie.
struct WordSource {
  mlir::Value memref;
  mlir::Type element;
  /// The loops over the runs, outermost first; `rhsRows` counts runs.
  llvm::SmallVector<ReductionLevel> levels;
  /// The elements of a run.
  llvm::SmallVector<int64_t> positions;
};

/// Emits the gathering of the elements from `base` on. `put` gets each used
/// word and an index, which begins with `to` and grows by `pitch` for each
/// word.
void gatherWords(
    Emitter &emitter, const WordReduction &reduction, const WordSource &source,
    mlir::Value base, mlir::Value to, int64_t pitch,
    llvm::function_ref<void(mlir::Value word, mlir::Value to)> put);

} // namespace edgecc::kernels

#endif // EDGECC_CODEGEN_KERNELS_WORDREDUCTION_H
