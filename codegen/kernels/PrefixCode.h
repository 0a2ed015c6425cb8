//===- PrefixCode.h - numbers in fewer bits ---------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Elements that occur often get short codes (canonical Huffman codes). A table
// of all beginnings of the stream, which is made of a few numbers per length of
// codes, decodes one element by one look-up.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_KERNELS_PREFIXCODE_H
#define EDGECC_CODEGEN_KERNELS_PREFIXCODE_H

#include "llvm/ADT/ArrayRef.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace edgecc::kernels {

/// The lengths of the codes of symbols that occur so often, at least once each,
/// none above `longest`, such that all occurrences take least bits
/// (package-merge). `longest` bits must be enough to tell them apart.
std::vector<unsigned> findCodeLengths(llvm::ArrayRef<uint64_t> counts,
                                      unsigned longest);

/// Elements in codes.
struct PrefixCode {
  /// The codes of one length: the first position of the table behind theirs,
  /// and what added to a position of theirs, divided by the positions of a
  /// code, gives the number of its symbol.
  struct Group {
    unsigned length;
    int32_t end, offset;
  };

  /// Of the longest code: the table has two to the power of so many positions.
  unsigned longest = 0;
  /// By the length of their codes.
  std::vector<Group> groups;
  /// The elements in the order of their codes.
  std::vector<uint32_t> symbols;
  /// The codes of all elements, most significant bits first, and what a decoder
  /// reads ahead.
  std::vector<uint16_t> bits;

  /// The code in least bytes, elements being of `elementBytes`; nothing if they
  /// are too many different ones. There must be at least two.
  static std::optional<PrefixCode> find(llvm::ArrayRef<uint32_t> elements,
                                        int64_t elementBytes);

  /// What a table and the stream take.
  int64_t bytes(int64_t elementBytes) const;
};

/// The elements of constant bytes, at equal distances.
struct Plane {
  enum class Form { Equal, Coded, Raw };
  Form form;
  /// For `Form::Coded`.
  PrefixCode code;
  /// For `Form::Raw` all of them; for `Form::Equal` one.
  std::vector<uint32_t> elements;

  int64_t bytes(int64_t elementBytes) const;
};

/// Constant bytes in a smaller form. Their elements of `elementBytes` each
/// belong to one plane after the other.
struct CodedBytes {
  int64_t elementBytes = 1;
  /// The elements of all planes.
  int64_t size = 0;
  std::vector<Plane> planes;

  /// What they take.
  int64_t bytes() const;
  /// How many elements have to be decoded.
  int64_t codedElements() const;
};

/// The form that takes least; nothing if none takes less than the bytes.
std::optional<CodedBytes> compress(llvm::ArrayRef<char> bytes);

} // namespace edgecc::kernels

#endif // EDGECC_CODEGEN_KERNELS_PREFIXCODE_H
