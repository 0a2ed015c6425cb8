//===- PrefixCode.cpp - numbers in fewer bits -------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/PrefixCode.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <tuple>

using namespace edgecc::kernels;
using llvm::ArrayRef;

/// A table of 4096 positions takes 8 KB of RAM.
static constexpr unsigned mostBits = 12;
/// Longer codes only save what a larger table takes of RAM.
static constexpr unsigned usualBits = 10;

std::vector<unsigned>
edgecc::kernels::findCodeLengths(ArrayRef<uint64_t> counts, unsigned longest) {
  assert(counts.size() >= 2 && counts.size() <= (size_t(1) << longest));
  std::vector<size_t> order(counts.size());
  for (size_t i = 0; i < order.size(); ++i)
    order[i] = i;
  llvm::sort(order, [&](size_t a, size_t b) {
    return std::tie(counts[a], a) < std::tie(counts[b], b);
  });
  // Of each length the symbols, and pairs of what the length behind it has, by
  // how often they occur. A symbol is a bit longer for each time that one of
  // the cheapest things is it or has it inside.
  struct Item {
    uint64_t count;
    /// Of `order`; nothing for a pair.
    std::optional<size_t> symbol;
  };
  std::vector<std::vector<Item>> levels;
  for (unsigned level = 0; level < longest; ++level) {
    std::vector<Item> symbols, pairs, items;
    for (size_t i = 0; i < order.size(); ++i)
      symbols.push_back({counts[order[i]], i});
    if (level > 0) {
      const std::vector<Item> &below = levels.back();
      for (size_t i = 0; i + 1 < below.size(); i += 2)
        pairs.push_back({below[i].count + below[i + 1].count, std::nullopt});
    }
    std::merge(symbols.begin(), symbols.end(), pairs.begin(), pairs.end(),
               std::back_inserter(items),
               [](const Item &a, const Item &b) { return a.count < b.count; });
    levels.push_back(std::move(items));
  }
  std::vector<unsigned> lengths(counts.size(), 0);
  size_t taken = 2 * counts.size() - 2;
  for (const std::vector<Item> &items : llvm::reverse(levels)) {
    size_t pairs = 0;
    for (const Item &item : ArrayRef(items).take_front(taken)) {
      if (item.symbol)
        ++lengths[order[*item.symbol]];
      else
        ++pairs;
    }
    taken = 2 * pairs;
  }
  return lengths;
}

static uint64_t countBits(ArrayRef<uint64_t> counts,
                          ArrayRef<unsigned> lengths) {
  uint64_t bits = 0;
  for (auto [count, length] : llvm::zip_equal(counts, lengths))
    bits += count * length;
  return bits;
}

std::optional<PrefixCode> PrefixCode::find(ArrayRef<uint32_t> elements,
                                           int64_t elementBytes) {
  llvm::DenseMap<int64_t, size_t> numbers;
  std::vector<uint32_t> values;
  std::vector<uint64_t> counts;
  for (uint32_t element : elements) {
    auto [known, isNew] = numbers.try_emplace(element, values.size());
    if (isNew) {
      values.push_back(element);
      counts.push_back(0);
      if (values.size() > (size_t(1) << mostBits))
        return std::nullopt;
    }
    ++counts[known->second];
  }
  unsigned least = llvm::Log2_64_Ceil(values.size());
  unsigned most = std::max(usualBits, least);
  std::vector<unsigned> lengths = findCodeLengths(counts, most);
  // The smallest table that costs next to nothing.
  uint64_t best = countBits(counts, lengths);
  for (unsigned longest = std::max(least, 1u); longest < most; ++longest) {
    std::vector<unsigned> shorter = findCodeLengths(counts, longest);
    if (countBits(counts, shorter) > best + best / 200)
      continue;
    lengths = std::move(shorter);
    break;
  }

  std::vector<size_t> order(values.size());
  for (size_t i = 0; i < order.size(); ++i)
    order[i] = i;
  llvm::sort(order, [&](size_t a, size_t b) {
    return std::tie(lengths[a], values[a]) < std::tie(lengths[b], values[b]);
  });
  PrefixCode code;
  code.longest = lengths[order.back()];
  std::vector<uint32_t> codes(values.size());
  int32_t position = 0;
  for (auto [symbol, i] : llvm::enumerate(order)) {
    unsigned shift = code.longest - lengths[i];
    if (code.groups.empty() || code.groups.back().length != lengths[i])
      code.groups.push_back(
          {lengths[i], 0, (int32_t(symbol) << shift) - position});
    codes[i] = uint32_t(position) >> shift;
    position += 1 << shift;
    code.groups.back().end = position;
    code.symbols.push_back(values[i]);
  }
  uint64_t pending = 0;
  unsigned count = 0;
  for (uint32_t element : elements) {
    size_t i = numbers.find(element)->second;
    pending = pending << lengths[i] | codes[i];
    for (count += lengths[i]; count >= 16; count -= 16)
      code.bits.push_back(uint16_t(pending >> (count - 16)));
  }
  code.bits.push_back(uint16_t(pending << (16 - count)));
  // Two words are read before the first element, and one when 16 bits are used.
  code.bits.insert(code.bits.end(), 2, 0);
  return code;
}

int64_t PrefixCode::bytes(int64_t elementBytes) const {
  return int64_t(symbols.size()) * elementBytes + int64_t(groups.size()) * 6 +
         int64_t(bits.size()) * 2;
}

int64_t Plane::bytes(int64_t elementBytes) const {
  return form == Form::Coded ? code.bytes(elementBytes)
                             : int64_t(elements.size()) * elementBytes;
}

int64_t CodedBytes::bytes() const {
  int64_t sum = 0;
  for (const Plane &plane : planes)
    sum += plane.bytes(elementBytes);
  return sum;
}

int64_t CodedBytes::codedElements() const {
  int64_t sum = 0;
  for (const Plane &plane : planes)
    sum += plane.form == Plane::Form::Coded ? size / int64_t(planes.size()) : 0;
  return sum;
}

static Plane findPlane(std::vector<uint32_t> elements, int64_t elementBytes) {
  if (llvm::all_equal(elements))
    return {Plane::Form::Equal, {}, {elements.front()}};
  std::optional<PrefixCode> code = PrefixCode::find(elements, elementBytes);
  if (code &&
      code->bytes(elementBytes) < int64_t(elements.size()) * elementBytes)
    return {Plane::Form::Coded, std::move(*code), {}};
  return {Plane::Form::Raw, {}, std::move(elements)};
}

static CodedBytes encode(ArrayRef<char> bytes, int64_t elementBytes,
                         int64_t planes) {
  CodedBytes coded{elementBytes, int64_t(bytes.size()) / elementBytes, {}};
  for (int64_t plane = 0; plane < planes; ++plane) {
    std::vector<uint32_t> elements;
    for (int64_t i = plane; i < coded.size; i += planes) {
      uint32_t element = 0;
      for (int64_t byte = elementBytes; byte-- > 0;)
        element = element << 8 | uint8_t(bytes[i * elementBytes + byte]);
      elements.push_back(element);
    }
    coded.planes.push_back(findPlane(std::move(elements), elementBytes));
  }
  return coded;
}

std::optional<CodedBytes> edgecc::kernels::compress(ArrayRef<char> bytes) {
  // Integers, pairs of a distance and an integer, floats of few values, any
  // floats, pairs of a position and a float.
  constexpr std::pair<int64_t, int64_t> forms[] = {
      {1, 1}, {1, 2}, {2, 1}, {4, 1}, {2, 2}, {1, 4}, {4, 2}, {1, 8}};
  std::optional<CodedBytes> best;
  for (auto [elementBytes, planes] : forms) {
    if (bytes.empty() || int64_t(bytes.size()) % (elementBytes * planes))
      continue;
    CodedBytes coded = encode(bytes, elementBytes, planes);
    if (coded.bytes() < (best ? best->bytes() : int64_t(bytes.size())))
      best = std::move(coded);
  }
  return best;
}
