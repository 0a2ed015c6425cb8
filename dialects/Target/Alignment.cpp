//===- Alignment.cpp - where buffers begin ----------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "dialects/Target/Alignment.h"

#include <algorithm>

int64_t edgecc::target::bufferAlignment(CpuAttr cpu) {
  constexpr int64_t cacheLine = 64, widestElement = 8;
  // Cores without a second cache have memories of kilobytes.
  if (!cpu || (cpu.getL1dBytes() && cpu.getL2Bytes()))
    return cacheLine;
  return std::max<int64_t>(cpu.getVectorBytes(), widestElement);
}
