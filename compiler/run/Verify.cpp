//===- Verify.cpp - the values inside of two runs ---------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "compiler/run/Verify.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>
#include <numeric>

using namespace llvm;
using namespace edgecc;

StringMap<NpzArray> edgecc::nameValues(ArrayRef<ValueInterface> values,
                                       const TensorData &data) {
  StringMap<NpzArray> arrays;
  for (auto [value, bytes] : zip(values, data))
    arrays[value.tensor.name] = {
        getElementInfo(value.tensor.type.getElementType())->numpy.str(),
        SmallVector<int64_t>(value.tensor.type.getShape()), bytes};
  return arrays;
}

/// One element of a type of NumPy, which is little-endian.
static double readElement(const char *bytes, char kind, unsigned width) {
  uint64_t bits = 0;
  for (unsigned i = 0; i < width; ++i)
    bits |= uint64_t(uint8_t(bytes[i])) << (8 * i);
  switch (kind) {
  case 'i':
    return double(SignExtend64(bits, 8 * width));
  case 'f':
  case 'V': {
    const fltSemantics &form = kind == 'V'  ? APFloat::BFloat()
                               : width == 2 ? APFloat::IEEEhalf()
                               : width == 4 ? APFloat::IEEEsingle()
                                            : APFloat::IEEEdouble();
    return APFloat(form, APInt(8 * width, bits)).convertToDouble();
  }
  default:
    return double(bits);
  }
}

/// The elements of an array; none if its type is no number.
static std::vector<double> readElements(const NpzArray &array) {
  StringRef type(array.type);
  unsigned width = 0;
  if (type.size() != 3 || type[0] == '>' ||
      !StringRef("iufbV").contains(type[1]) ||
      type.drop_front(2).getAsInteger(10, width) || width == 0 || width > 8)
    return {};
  std::vector<double> elements;
  for (size_t i = 0; i + width <= array.bytes.size(); i += width)
    elements.push_back(readElement(array.bytes.data() + i, type[1], width));
  return elements;
}

/// The sizes without those that are 1.
static SmallVector<int64_t> squeeze(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> sizes;
  llvm::copy_if(shape, std::back_inserter(sizes),
                [](int64_t size) { return size != 1; });
  return sizes;
}

/// `elements` of `shape` with the dimensions in another order.
static std::vector<double> reorder(ArrayRef<double> elements,
                                   ArrayRef<int64_t> shape,
                                   ArrayRef<unsigned> order) {
  SmallVector<int64_t> strides(shape.size(), 1), index(shape.size(), 0);
  for (size_t d = shape.size(); d-- > 1;)
    strides[d - 1] = strides[d] * shape[d];
  std::vector<double> result;
  result.reserve(elements.size());
  for (size_t i = 0; i < elements.size(); ++i) {
    int64_t from = 0;
    for (unsigned d : order)
      from += index[d] * strides[d];
    result.push_back(elements[from]);
    for (size_t d = order.size(); d-- > 0;) {
      if (++index[order[d]] < shape[order[d]])
        break;
      index[order[d]] = 0;
    }
  }
  return result;
}

static Divergence measure(ArrayRef<double> wanted, ArrayRef<double> got) {
  Divergence divergence;
  for (auto [w, g] : zip(wanted, got))
    // Infinities and NaN are right where they are the same.
    if (std::isfinite(w) || std::isfinite(g)) {
      divergence.add(w, g);
    } else if (std::isnan(w) != std::isnan(g) || (!std::isnan(w) && w != g)) {
      divergence.add(0, INFINITY);
    }
  return divergence;
}

/// The least divergence over all orders of the dimensions of `wanted` that give
/// the shape of `got`; what is only reshaped is compared element by element.
static std::optional<Divergence> compareArrays(const NpzArray &wanted,
                                               const NpzArray &got) {
  std::vector<double> w = readElements(wanted), g = readElements(got);
  if (w.size() != g.size() || w.empty())
    return std::nullopt;
  Divergence best = measure(w, g);
  SmallVector<int64_t> from = squeeze(wanted.shape), to = squeeze(got.shape);
  SmallVector<unsigned> order(from.size());
  std::iota(order.begin(), order.end(), 0);
  constexpr size_t mostDimensions = 6;
  if (from.size() != to.size() || from.size() > mostDimensions)
    return best;
  do {
    bool fits = llvm::all_of(llvm::seq<size_t>(from.size()),
                             [&](size_t d) { return from[order[d]] == to[d]; });
    if (!fits || best.relative() == 0)
      continue;
    Divergence divergence = measure(reorder(w, from, order), g);
    // Not the other way round: a comparison with NaN is false.
    if (!(divergence.relative() >= best.relative()))
      best = divergence;
  } while (std::next_permutation(order.begin(), order.end()));
  return best;
}

std::vector<ValueComparison>
edgecc::compareValues(ArrayRef<ValueInterface> values, const TensorData &data,
                      const StringMap<NpzArray> &wanted, Tolerance tolerance) {
  StringMap<NpzArray> arrays = nameValues(values, data);
  std::vector<ValueComparison> result;
  for (const ValueInterface &value : values) {
    ValueComparison &comparison = result.emplace_back();
    comparison.name = value.tensor.name;
    auto other = wanted.find(comparison.name);
    if (other == wanted.end())
      continue;
    comparison.divergence =
        compareArrays(other->second, arrays.lookup(comparison.name));
    if (!comparison.divergence)
      continue;
    const Divergence &d = *comparison.divergence;
    mlir::Type element = value.tensor.type.getElementType();
    auto integer = llvm::dyn_cast<mlir::IntegerType>(element);
    double steps = integer && integer.getWidth() > 1 && integer.getWidth() <= 16
                       ? tolerance.steps
                       : 0;
    comparison.differs =
        integer ? d.largest() > steps : !(d.relative() <= tolerance.reals);
  }
  return result;
}

bool edgecc::printComparison(ArrayRef<ValueComparison> values, StringRef title,
                             raw_ostream &os) {
  os << title << "\n   largest  relative   SQNR dB  value\n";
  const ValueComparison *first = nullptr;
  size_t compared = 0;
  for (const ValueComparison &value : values) {
    if (!value.divergence) {
      os << "         -         -         -  " << value.name << "\n";
      continue;
    }
    ++compared;
    const Divergence &d = *value.divergence;
    os << format("%10.2e%10.1e%10.1f  ", d.largest(), d.relative(),
                 d.decibels())
       << value.name << (value.differs ? "  differs\n" : "\n");
    if (value.differs && !first)
      first = &value;
  }
  if (first)
    os << "the first value that differs is '" << first->name << "'\n";
  else
    os << compared << " of " << values.size() << " values compared, all equal "
       << "but for rounding\n";
  return !first;
}
