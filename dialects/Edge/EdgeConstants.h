//===- EdgeConstants.h - the bytes of constants -----------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// One view of every kind of ElementsAttr (dense, splat, resource) as row-major
// little-endian bytes, and the way back.
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_DIALECTS_EDGE_EDGECONSTANTS_H
#define EDGECC_DIALECTS_EDGE_EDGECONSTANTS_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"

#include <optional>
#include <vector>

namespace edgecc::edge {

/// The bytes that one element of a constant takes; one for sub-byte types.
int64_t elementBytes(mlir::Type element);

/// A constant as bytes.
class ConstantView {
public:
  /// Nothing for attributes that hold no numbers.
  static std::optional<ConstantView> get(mlir::Attribute attribute);

  mlir::RankedTensorType getType() const { return type; }
  int64_t size() const { return type.getNumElements(); }
  /// All elements, row-major; a splat is expanded.
  llvm::ArrayRef<char> bytes() const {
    return owned.empty() ? borrowed : llvm::ArrayRef<char>(owned);
  }
  /// Element `index` as an IntegerAttr or FloatAttr of signless type.
  mlir::TypedAttr element(int64_t index) const;
  /// Element `index` as a number; unsigned types are zero-extended.
  int64_t integer(int64_t index) const;
  double real(int64_t index) const;

private:
  mlir::RankedTensorType type;
  llvm::ArrayRef<char> borrowed;
  std::vector<char> owned;
};

/// The constant of `type` with the row-major elements `bytes`.
mlir::ElementsAttr makeConstant(mlir::RankedTensorType type,
                                llvm::ArrayRef<char> bytes);

/// The constant of `type` with these scalars (IntegerAttr or FloatAttr of any
/// width) as elements.
mlir::ElementsAttr makeConstant(mlir::RankedTensorType type,
                                llvm::ArrayRef<mlir::Attribute> scalars);

/// Whether every element is the same; that element.
mlir::TypedAttr splatValue(mlir::Attribute attribute);

} // namespace edgecc::edge

#endif // EDGECC_DIALECTS_EDGE_EDGECONSTANTS_H
