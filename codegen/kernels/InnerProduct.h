//===- InnerProduct.h - sums of products of narrow elements -----*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Machines have instructions that multiply several neighbouring bytes, or
// halves of words, and add all products to one 32-bit accumulator. A
// contraction of integers walks through its reduction in groups of as many
// elements as such an instruction takes: the lhs of a group is one word that is
// broadcast, the rhs has the group's elements side by side for each channel.
// Every sum is exact, so that all machines give the same numbers. Pairs of bf16
// are multiplied and summed in f32 in the same way, where a machine can; their
// sums are not exact.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_KERNELS_INNERPRODUCT_H
#define EDGECC_CODEGEN_KERNELS_INNERPRODUCT_H

#include "codegen/cost/ContractionCost.h"
#include "codegen/kernels/Emit.h"

namespace edgecc::kernels {

/// The bytes of a vector whose products with another one the machine adds up to
/// one number, for bytes of these types; 0 if it does not.
int64_t bytesAddedUp(target::CpuAttr cpu, mlir::Type lhs, mlir::Type rhs);

/// `sum` and all products of two such vectors of `element`.
mlir::Value addUpBytes(Emitter &e, mlir::Value sum, mlir::Value lhs,
                       mlir::Value rhs, mlir::Type element);

/// The bytes of `word` with even and those with odd positions as pairs of
/// halves, on cores that have them.
llvm::SmallVector<mlir::Value> splitWord(Emitter &e, mlir::Value word,
                                         bool isUnsigned);

/// The elements of the logical type `element` at `positions` from `base` of a
/// flat buffer on as one integer of type `word`, the first in the lowest bits.
mlir::Value loadWord(Emitter &emitter, mlir::Value memref, mlir::Value base,
                     llvm::ArrayRef<int64_t> positions, mlir::Type element,
                     mlir::Type word);

/// A row of the table of instructions.
struct InnerProductRow;

/// The instruction for one pair of element types, and how its operands are
/// made.
class InnerProduct {
public:
  /// The best way to sum products of `lhs` and `rhs` elements, integers or
  /// bf16, in 32 bits; nothing if multiplications of 32 bits are the only one.
  /// `constant` has the
  /// elements of the rhs, if they are known; instructions that multiply
  /// `rowsTogether` rows of the lhs at once are considered.
  static std::optional<InnerProduct> find(target::CpuAttr cpu, mlir::Type lhs,
                                          mlir::Type rhs,
                                          mlir::ElementsAttr constant,
                                          int64_t rowsTogether = 1);

  /// What `find` finds for one row, and for several of them at once.
  static std::vector<InnerProduct> list(target::CpuAttr cpu, mlir::Type lhs,
                                        mlir::Type rhs,
                                        mlir::ElementsAttr constant);

  /// The same for the bytes `constant` where it is free which elements make a
  /// group, if their pairs fit.
  static std::optional<InnerProduct>
  findForChosen(target::CpuAttr cpu, mlir::Type lhs, mlir::Type rhs,
                llvm::ArrayRef<char> constant);

  /// Whether these numbers may be elements 0 and 1, or 2 and 3, of a group of
  /// the rhs.
  bool fitsPair(int64_t first, int64_t second) const;

  /// Whether a CPU multiplies pairs of halves in its core registers.
  static bool hasScalarPairs(target::CpuAttr cpu);

  /// Whether bytes of both sides are multiplied as they are, four at a time.
  bool multipliesBytes() const;
  /// Whether pairs of bf16 are.
  bool multipliesBFloats() const;

  /// Elements of the reduction that one group takes.
  int64_t depth() const { return groupDepth; }
  /// Rows of the lhs that one instruction takes.
  int64_t rowsTogether() const;
  /// Channels of the longest vector, and of the shortest one.
  int64_t lanes() const;
  int64_t leastLanes() const;
  /// Whether the longest vectors are of the length of the machine.
  bool isScalable() const;
  /// The same for the shortest vectors only.
  InnerProduct ofLeastLanes() const;
  /// Whether the rhs may be read from a row-major matrix as well.
  bool takesRows() const;

  /// Whether the sign bit of the lhs is flipped, because the instruction wants
  /// the other signedness: each lhs element is then too large by `-offset()`,
  /// and `offset()` times the sum of the rhs elements has to be added.
  bool flipsLhs() const { return flips; }
  int64_t offset() const;
  /// The number that a byte of the rhs stands for.
  int64_t rhsValue(char byte) const;

  /// Where element `k` of a group and channel `lane` is among the packed
  /// elements of a vector of `lanes` channels.
  int64_t packedPosition(int64_t k, int64_t lane, int64_t lanes) const;

  /// Puts vectors, steps and costs into `shape`, whose depth is in elements of
  /// runs of `run`.
  void describe(cost::ContractionShape &shape, int64_t run,
                bool isPacked) const;

  /// A vector of bytes of the lhs, with flipped sign bits if need be.
  mlir::Value flip(Emitter &e, mlir::Value bytes) const;

  /// The operands of the instructions for a group of the lhs. `words`, one for
  /// each row that they take together, are integers with the storage of all
  /// its elements, the first in the lowest bits.
  llvm::SmallVector<mlir::Value> broadcast(Emitter &e, mlir::ValueRange words,
                                           int64_t lanes) const;
  /// The word of a group whose sum is what flipping adds too much.
  mlir::Value correctionWord(Emitter &e) const;

  /// The operands for a packed group of `lanes` channels at `index`.
  llvm::SmallVector<mlir::Value> loadPacked(Emitter &e, mlir::Value memref,
                                            mlir::Value index,
                                            int64_t lanes) const;
  /// The operands for the rows of a group, vectors of storage elements.
  llvm::SmallVector<mlir::Value> interleave(Emitter &e,
                                            mlir::ValueRange rows) const;

  /// The sums of rows that are taken together, as the instructions add to them
  /// (blocks of two rows by two channels) and back.
  llvm::SmallVector<mlir::Value> toBlocks(Emitter &e,
                                          mlir::ValueRange rows) const;
  llvm::SmallVector<mlir::Value> fromBlocks(Emitter &e,
                                            mlir::ValueRange blocks) const;

  /// `sum` and the products of one group. Where rows are taken together, each
  /// of their sums has its share of the operands of the rhs.
  mlir::Value accumulate(Emitter &e, mlir::Value sum, mlir::ValueRange lhs,
                         mlir::ValueRange rhs) const;

  /// What a packed group costs.
  cost::StepCost cost() const;

private:
  InnerProduct(const InnerProductRow *row, mlir::Type lhs, mlir::Type rhs,
               bool flips);

  /// Elements of the rhs as halves of words.
  mlir::Value widen(Emitter &e, mlir::Value elements) const;

  const InnerProductRow *row;
  /// The row, and those for shorter vectors.
  llvm::SmallVector<const InnerProductRow *> lengths;
  mlir::Type lhs, rhs;
  bool flips;
  /// Elements of a group, and instructions per group and vector.
  int64_t groupDepth, parts;
  /// The time of an instruction in those of the fastest that multiplies as many
  /// bytes.
  double slowness = 1;
};

} // namespace edgecc::kernels

#endif // EDGECC_CODEGEN_KERNELS_INNERPRODUCT_H
