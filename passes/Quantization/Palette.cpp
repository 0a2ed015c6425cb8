//===- Palette.cpp - numbers of few values ----------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Quantization/Palette.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <cmath>

using namespace edgecc::quantization;
using llvm::ArrayRef;

/// What a bit of the code of a number is worth, in mean squares of what numbers
/// are off by: about what another bit for all numbers would save.
static constexpr double priceOfBit = 1;

static void sortAndJoin(std::vector<double> &numbers) {
  llvm::sort(numbers);
  numbers.erase(llvm::unique(numbers), numbers.end());
}

double Palette::operator()(double number) const {
  return levels[size_t(llvm::upper_bound(limits, number) - limits.begin())];
}

void Palette::makeIntegers() {
  for (double &level : levels)
    level = std::nearbyint(level);
  llvm::sort(levels);
}

namespace {

/// Numbers in order, and the sums of the first ones and of their squares.
struct Numbers {
  explicit Numbers(std::vector<double> all) : sorted(std::move(all)) {
    llvm::sort(sorted);
    for (double number : sorted) {
      sums.push_back(sums.back() + number);
      squares.push_back(squares.back() + number * number);
    }
  }

  size_t size() const { return sorted.size(); }
  /// The position of the first one that is not below `limit`.
  size_t find(double limit) const {
    return size_t(llvm::lower_bound(sorted, limit) - sorted.begin());
  }
  double mean(size_t begin, size_t end) const {
    return (sums[end] - sums[begin]) / double(end - begin);
  }
  /// The squares of what they are apart from `level`.
  double error(size_t begin, size_t end, double level) const {
    return squares[end] - squares[begin] -
           2 * level * (sums[end] - sums[begin]) +
           double(end - begin) * level * level;
  }

  std::vector<double> sorted, sums{0}, squares{0};
};

} // namespace

namespace {

/// Levels that move until numbers are off by little.
class Levels {
public:
  Levels(const Numbers &numbers, ArrayRef<double> fixed)
      : levels(fixed.begin(), fixed.end()), numbers(numbers), fixed(fixed) {
    sortAndJoin(levels);
  }

  /// Moves levels to the middle of what they stand for. Another level is taken
  /// than the next one if `price` for each bit of its name makes good for it.
  void move(int rounds, bool hasPrice);
  /// Adds one where numbers are off most; false if they are not off at all.
  bool add();
  void findLimits();

  std::vector<double> levels, limits;

private:
  /// Calls `see` with each level and the numbers that it stands for.
  void visit(llvm::function_ref<void(size_t level, size_t begin, size_t end)>
                 see) const;

  const Numbers &numbers;
  ArrayRef<double> fixed;
  /// Of the name of each level.
  std::vector<double> bits;
  double price = 0;
};

} // namespace

void Levels::findLimits() {
  limits.clear();
  bits.resize(levels.size(), 0);
  for (size_t i = 0; i + 1 < levels.size(); ++i) {
    double middle = (levels[i] + levels[i + 1]) / 2;
    if (levels[i] < levels[i + 1])
      middle +=
          price * (bits[i + 1] - bits[i]) / (2 * (levels[i + 1] - levels[i]));
    // The others keep their order.
    limits.push_back(std::clamp(middle, levels[i], levels[i + 1]));
  }
}

void Levels::visit(
    llvm::function_ref<void(size_t level, size_t begin, size_t end)> see)
    const {
  size_t begin = 0;
  for (size_t i = 0; i < levels.size(); ++i) {
    size_t end = i < limits.size() ? numbers.find(limits[i]) : numbers.size();
    end = std::max(begin, end);
    see(i, begin, end);
    begin = end;
  }
}

void Levels::move(int rounds, bool hasPrice) {
  for (int round = 0; round < rounds; ++round) {
    findLimits();
    double error = 0;
    visit([&](size_t i, size_t begin, size_t end) {
      error += numbers.error(begin, end, levels[i]);
      bits[i] = std::log2(double(numbers.size()) /
                          std::max(double(end - begin), 0.5));
      if (end > begin && !llvm::is_contained(fixed, levels[i]))
        levels[i] = numbers.mean(begin, end);
    });
    if (hasPrice)
      price = priceOfBit * error / double(numbers.size());
  }
  findLimits();
}

bool Levels::add() {
  findLimits();
  double most = 0, added = 0;
  visit([&](size_t i, size_t begin, size_t end) {
    size_t middle = std::clamp(numbers.find(levels[i]), begin, end);
    for (auto [first, last] : {std::pair(begin, middle), {middle, end}}) {
      double error = last > first ? numbers.error(first, last, levels[i]) : 0;
      if (error <= most)
        continue;
      most = error;
      added = numbers.mean(first, last);
    }
  });
  if (most == 0)
    return false;
  levels.push_back(added);
  llvm::sort(levels);
  return true;
}

Palette Palette::choose(std::vector<double> all, size_t size,
                        ArrayRef<double> fixed) {
  // What is there already needs no level of its own.
  llvm::erase_if(
      all, [&](double number) { return llvm::is_contained(fixed, number); });
  Numbers numbers(std::move(all));
  Levels levels(numbers, fixed);
  constexpr int fewRounds = 5, manyRounds = 50;
  while (numbers.size() && levels.levels.size() < size && levels.add())
    levels.move(fewRounds, /*hasPrice=*/false);
  if (numbers.size()) {
    levels.move(manyRounds, /*hasPrice=*/false);
    levels.move(manyRounds, /*hasPrice=*/true);
  }
  levels.findLimits();
  Palette palette;
  palette.levels = std::move(levels.levels);
  palette.limits = std::move(levels.limits);
  return palette;
}
