//===- Sizes.cpp - sizes that are known at run time -------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Bounds/Sizes.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::bounds;

Dim bounds::fixedDim(int64_t size) {
  return size == 1 ? Dim() : Dim{{size, -1}};
}

bool bounds::isOpen(const Dim &dim) {
  return llvm::any_of(dim, [](Factor factor) { return factor.size >= 0; });
}

bool bounds::isOpen(const Dims &dims) {
  return llvm::any_of(dims, [](const Dim &dim) { return isOpen(dim); });
}

Dim bounds::flatten(const Dims &dims) {
  Dim result;
  for (const Dim &dim : dims)
    for (Factor factor : dim)
      if (factor.size < 0 && !result.empty() && result.back().size < 0)
        result.back().bound *= factor.bound;
      else
        result.push_back(factor);
  return result;
}

int Sizes::add(Value value, ArrayRef<int64_t> at, int64_t least) {
  sizes.push_back({value, llvm::to_vector(at), least});
  return sizes.size() - 1;
}

int Sizes::find(ArrayRef<int64_t> at) const {
  for (auto [number, size] : llvm::enumerate(sizes))
    if (ArrayRef(size.at) == at)
      return number;
  return -1;
}

Value Sizes::constant(Location loc, ArrayRef<int32_t> numbers,
                      ArrayRef<int64_t> shape) {
  auto type = RankedTensorType::get(shape, builder.getI32Type());
  return edge::ConstantOp::create(builder, loc,
                                  DenseElementsAttr::get(type, numbers));
}

void Sizes::leaveBodies() {
  while (isa<edge::EdgeDialect>(
      builder.getInsertionBlock()->getParentOp()->getDialect()))
    builder.setInsertionPoint(builder.getInsertionBlock()->getParentOp());
}

int Sizes::derive(Location loc, int size, int64_t term, int64_t divisor) {
  if (term == 0 && divisor == 1)
    return size;
  auto [known, isNew] = derived.try_emplace({size, term, divisor}, 0);
  if (!isNew)
    return known->second;
  OpBuilder::InsertionGuard guard(builder);
  leaveBodies();
  auto of = [&](int64_t old) {
    return std::max<int64_t>(old + term, 0) / divisor;
  };
  SmallVector<int64_t> at = llvm::map_to_vector(sizes[size].at, of);
  int64_t least = of(sizes[size].least);
  Value value = sizes[size].value;
  value = edge::AddOp::create(builder, loc, value,
                              constant(loc, {int32_t(term)}, {}));
  value = edge::MaxOp::create(builder, loc, value, constant(loc, {0}, {}));
  value = edge::DivOp::create(builder, loc, value,
                              constant(loc, {int32_t(divisor)}, {}));
  return known->second = add(value, at, least);
}

int Sizes::sum(Location loc, ArrayRef<int> parts, int64_t term) {
  if (parts.size() == 1)
    return derive(loc, parts.front(), term);
  auto [known, isNew] = sums.try_emplace({llvm::to_vector(parts), term}, 0);
  if (!isNew)
    return known->second;
  OpBuilder::InsertionGuard guard(builder);
  leaveBodies();
  SmallVector<int64_t> at(sizes[parts.front()].at.size(), term);
  int64_t least = term;
  Value value = constant(loc, {int32_t(term)}, {});
  for (int part : parts) {
    for (auto [total, own] : llvm::zip(at, sizes[part].at))
      total += own;
    value = edge::AddOp::create(builder, loc, value, sizes[part].value);
    least += sizes[part].least;
  }
  return known->second = add(value, at, least);
}

int64_t Sizes::getLeast(const Dim &dim) const {
  int64_t product = 1;
  for (Factor factor : dim)
    product *= factor.size < 0 ? factor.bound : sizes[factor.size].least;
  return product;
}

int64_t Sizes::getSize(const Dim &dim, unsigned instance) const {
  int64_t product = 1;
  for (Factor factor : dim)
    product *= factor.size < 0 ? factor.bound : sizes[factor.size].at[instance];
  return product;
}

Value Sizes::count(Location loc, ArrayRef<Factor> factors) {
  int64_t fixed = 1;
  for (Factor factor : factors)
    if (factor.size < 0)
      fixed *= factor.bound;
  Value product = constant(loc, {int32_t(fixed)}, {});
  for (Factor factor : factors)
    if (factor.size >= 0)
      product =
          edge::MulOp::create(builder, loc, product, sizes[factor.size].value);
  return product;
}

SmallVector<int32_t> Sizes::coordinates(ArrayRef<Factor> factors,
                                        unsigned index) const {
  int64_t total = 1, inner = 1;
  for (auto [i, factor] : llvm::enumerate(factors)) {
    total *= factor.bound;
    if (i > index)
      inner *= factor.bound;
  }
  SmallVector<int32_t> result;
  for (int64_t place = 0; place < total; ++place)
    result.push_back(place / inner % factors[index].bound);
  return result;
}
