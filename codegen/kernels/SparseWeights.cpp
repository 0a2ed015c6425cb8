//===- SparseWeights.cpp - bytes that are mostly zero -----------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/SparseWeights.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/MathExtras.h"

using namespace edgecc;
using llvm::Twine;

/// The entries that the loop of the function takes at one time.
static constexpr int64_t entriesAtATime = 4;

void kernels::appendSparseChannel(std::vector<char> &stream, int64_t first,
                                  llvm::ArrayRef<int64_t> weights) {
  constexpr int64_t furthest = 255;
  std::vector<char> entries;
  auto append = [&](int64_t distance, int64_t weight) {
    entries.push_back(char(distance));
    entries.push_back(char(weight));
  };
  int64_t at = 0;
  for (auto [position, weight] : llvm::enumerate(weights)) {
    if (weight == 0)
      continue;
    int64_t distance = int64_t(position) - at;
    for (; distance > furthest; distance -= furthest)
      append(furthest, 0);
    append(distance, weight);
    at = int64_t(position);
  }
  while (entries.size() / 2 % entriesAtATime)
    append(0, 0);
  for (int64_t number : {first, int64_t(entries.size())})
    for (int64_t byte : llvm::seq(4))
      stream.push_back(char(number >> (8 * byte)));
  stream.insert(stream.end(), entries.begin(), entries.end());
}

int64_t kernels::sparseTilePixels(int64_t pixels, int64_t elements) {
  // What is widened once for all channels has to find a place in RAM.
  constexpr int64_t mostBytes = 20 << 10;
  for (int64_t tile : {8, 4})
    if (pixels >= tile && elements * tile * 2 <= mostBytes)
      return tile;
  return pixels >= 4 ? 4 : 1;
}

double kernels::sparseTileInstructions(int64_t tilePixels, double entries,
                                       double channels) {
  // Of an entry: its two bytes, an addition, the elements, the products, and
  // its part of the loop.
  double loads = double(llvm::divideCeil(tilePixels, 4));
  double loop = 2.0 / entriesAtATime;
  constexpr double besides = 14;
  return entries * (3 + loads + double(tilePixels) + loop) +
         channels * (besides + double(tilePixels));
}

std::string kernels::sparseFunctionText(int64_t pixels, bool isUnsigned) {
  std::string text;
  auto line = [&](const Twine &instruction) {
    text += (instruction + "\n").str();
  };
  // r5 and those after it: the sums; lr: the end of the channel.
  auto sum = [](int64_t pixel) { return "r" + std::to_string(5 + pixel); };
  std::string shift = std::to_string(llvm::Log2_64(uint64_t(pixels) * 2));
  line("vmov s0, r2");
  line("vmov s1, r3");
  line("vmov s3, r0");
  line("1:");
  line("ldr r5, [r1], #4");
  line("ldr lr, [r1], #4");
  line("add lr, lr, r1");
  for (int64_t pixel : llvm::seq<int64_t>(1, pixels))
    line("mov " + sum(pixel) + ", r5");
  line("b 3f");
  line("2:");
  for (int64_t entry = 0; entry < entriesAtATime; ++entry) {
    line("ldrb r2, [r1], #1");
    line("add r0, r0, r2, lsl #" + shift);
    line(Twine(isUnsigned ? "ldrb" : "ldrsb") + " r2, [r1], #1");
    if (pixels == 1) {
      line("ldrsh r3, [r0]");
      line("smlabb r5, r3, r2, r5");
      continue;
    }
    for (int64_t pixel = 0; pixel < pixels; pixel += 4) {
      line("ldrd r3, r4, [r0, #" + Twine(pixel * 2) + "]");
      for (int64_t i : llvm::seq(4))
        line(Twine(i % 2 ? "smlatb " : "smlabb ") + sum(pixel + i) + ", " +
             (i < 2 ? "r3" : "r4") + ", r2, " + sum(pixel + i));
    }
  }
  line("3:");
  line("cmp r1, lr");
  line("bne 2b");
  line("vmov r2, s0");
  line("stmia r2!, {r5" + (pixels > 1 ? "-" + sum(pixels - 1) : std::string()) +
       "}");
  line("vmov s0, r2");
  line("vmov r0, s3");
  line("vmov r3, s1");
  line("cmp r1, r3");
  line("bne 1b");
  return text;
}
