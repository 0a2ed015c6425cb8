//===- InputPicker.h - elements of a block by their positions ---*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Machines have instructions that permute the elements of a register as another
// one says. With these, each channel of a vector can have its own elements of a
// block of neighbours: those whose weights are not zero.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_KERNELS_INPUTPICKER_H
#define EDGECC_CODEGEN_KERNELS_INPUTPICKER_H

#include "codegen/kernels/Emit.h"

#include <vector>

namespace edgecc::kernels {

/// A row of the table of instructions.
struct InputPickerRow;

/// How elements are picked from blocks of one size.
class InputPicker {
public:
  /// The ways for elements of `type`, bytes or f32, of which at least `run` are
  /// neighbours; none on machines that have no such instruction.
  static std::vector<InputPicker> find(target::CpuAttr cpu, mlir::Type type,
                                       int64_t run);

  /// The elements of a block.
  int64_t block() const { return blockElements; }
  /// Bytes in memory of the positions of `count` elements, a multiple of 4.
  int64_t positionBytes(int64_t count) const;
  /// Writes the positions in a block of some elements, a multiple of 4.
  void pack(llvm::ArrayRef<uint8_t> positions, char *to) const;
  /// Vector operations that unpack the positions of a vector.
  double unpackOperations() const;

  /// The positions of `count` elements that are packed at `index` of `memref`,
  /// a buffer of bytes.
  mlir::Value load(Emitter &e, mlir::Value memref, mlir::Value index,
                   int64_t count) const;
  /// The elements of `block`, a vector, at `positions`.
  mlir::Value pick(Emitter &e, mlir::Value block, mlir::Value positions) const;

private:
  InputPicker(int64_t elementBytes, int64_t blockElements)
      : elementBytes(elementBytes), blockElements(blockElements) {}

  /// Whether positions are of four bits in memory.
  bool areNarrow() const { return elementBytes == 1 && blockElements == 16; }

  int64_t elementBytes, blockElements;
  /// For shorter and longer vectors, the shortest first.
  llvm::SmallVector<const InputPickerRow *> lengths;
};

} // namespace edgecc::kernels

#endif // EDGECC_CODEGEN_KERNELS_INPUTPICKER_H
