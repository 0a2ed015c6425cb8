//===- InputMoments.cpp - how inputs of products are related ----*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "compiler/run/InputMoments.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace edgecc;

static ArrayRef<int64_t> shapeOf(Value value) {
  return cast<ShapedType>(value.getType()).getShape();
}

InputMoments::InputMoments(const ProductInput &input)
    : windows(input.windows), size(shapeOf(input.value).back()) {
  if (windows)
    for (int64_t taps : shapeOf(windows.getWeights()).drop_back(2))
      size *= taps;
  sums.resize(size * size, 0);
}

/// Goes to the next position of a box; false after the last one.
static bool advance(SmallVectorImpl<int64_t> &position, ArrayRef<int64_t> box) {
  for (size_t dim = box.size(); dim-- > 0;) {
    if (++position[dim] < box[dim])
      return true;
    position[dim] = 0;
  }
  return false;
}

void InputMoments::addWindows(ArrayRef<float> elements) {
  ArrayRef<int64_t> input = shapeOf(windows.getInput());
  ArrayRef<int64_t> output = shapeOf(windows.getResult()).drop_back();
  ArrayRef<int64_t> kernel = shapeOf(windows.getWeights()).drop_back(2);
  int64_t channels = input.back();
  SmallVector<int64_t> at(output.size(), 0), tap(kernel.size(), 0);
  SmallVector<const float *> pieces;
  do {
    pieces.clear();
    do {
      int64_t element = at[0];
      bool isInside = true;
      for (size_t dim = 0; dim < kernel.size(); ++dim) {
        int64_t read = at[dim + 1] * windows.getStrides()[dim] +
                       tap[dim] * windows.getDilation(int64_t(dim)) -
                       windows.getPadsLow()[dim];
        isInside &= read >= 0 && read < input[dim + 1];
        element = element * input[dim + 1] + read;
      }
      pieces.push_back(isInside ? elements.data() + element * channels
                                : nullptr);
    } while (advance(tap, kernel));
    addRow(pieces, channels);
  } while (advance(at, output));
}

void InputMoments::addRow(ArrayRef<const float *> pieces, int64_t pieceSize) {
  for (const float *piece : pieces)
    for (int64_t i = 0; i < pieceSize; ++i)
      rows.push_back(piece ? piece[i] : 0);
  constexpr size_t rowsAtATime = 32;
  if (rows.size() >= rowsAtATime * size_t(size))
    flush();
}

void InputMoments::flush() {
  for (int64_t i = 0; i < size; ++i)
    for (size_t row = 0; row < rows.size(); row += size) {
      double factor = rows[row + i];
      if (factor == 0)
        continue;
      for (int64_t j = 0; j <= i; ++j)
        sums[i * size + j] += factor * rows[row + j];
    }
  rows.clear();
}

void InputMoments::add(ArrayRef<float> elements) {
  if (windows)
    return addWindows(elements);
  for (; !elements.empty(); elements = elements.drop_front(size))
    addRow(elements.data(), size);
}

std::vector<double> InputMoments::take() {
  flush();
  for (int64_t i = 0; i < size; ++i)
    for (int64_t j = 0; j < i; ++j)
      sums[j * size + i] = sums[i * size + j];
  return std::move(sums);
}
