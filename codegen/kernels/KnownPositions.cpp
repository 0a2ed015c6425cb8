//===- KnownPositions.cpp - elements at positions known now -----*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/kernels/KnownPositions.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace edgecc;
using namespace edgecc::kernels;

SmallVector<int64_t> kernels::shuffledVectors(target::CpuAttr cpu,
                                              int64_t count, int64_t extent,
                                              Type element) {
  constexpr int64_t mostVectors = 64;
  int64_t lanes = vectorLength(cpu, element);
  while (lanes > extent)
    lanes /= 2;
  if (lanes < 4 || count > mostVectors * lanes)
    return {};
  return splitIntoVectors(count, lanes);
}

Value kernels::loadPositions(Emitter &e, const Access &access, Value start,
                             ArrayRef<int64_t> positions, int64_t extent) {
  int64_t lanes = positions.size();
  auto load = [&](int64_t position, int64_t length) {
    return e.load(access.buffer, e.add(start, position), length,
                  access.element);
  };
  auto [low, high] = std::minmax_element(positions.begin(), positions.end());
  if (lanes == 1)
    return load(*low, 1);
  int64_t first = std::min(*low, extent - lanes);
  if (*high >= first + lanes)
    first = std::min(*low, extent - 2 * lanes);
  if (first < 0 || *high >= first + 2 * lanes) {
    Value result = e.splat(load(positions.front(), 1), lanes);
    for (int64_t lane = 1; lane < lanes; ++lane)
      result =
          vector::InsertOp::create(e, load(positions[lane], 1), result, lane);
    return result;
  }
  auto mask = llvm::map_to_vector(
      positions, [&](int64_t position) { return position - first; });
  Value near = load(first, lanes);
  if (llvm::equal(mask, llvm::seq(lanes)))
    return near;
  Value far = *high < first + lanes ? near : load(first + lanes, lanes);
  return vector::ShuffleOp::create(e, near, far, mask);
}
