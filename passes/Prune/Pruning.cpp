//===- Pruning.cpp - what becomes zero of weights ---------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Prune/Pruning.h"

using namespace llvm;
using namespace edgecc::prune;

static Error makeError(const Twine &message) {
  return createStringError(inconvertibleErrorCode(), message);
}

/// Reads a positive integer.
static bool readSize(StringRef text, int64_t &size) {
  return !text.getAsInteger(10, size) && size >= 1;
}

/// Reads KEPT:GROUP; the method has been taken off.
static Error readGroups(StringRef kept, StringRef group,
                        SparsityPattern &pattern) {
  if (readSize(kept, pattern.kept) && readSize(group, pattern.group) &&
      pattern.kept < pattern.group)
    return Error::success();
  return makeError("cannot keep '" + kept + "' of each '" + group +
                   "' weights; expected fewer of more, such as 2:4");
}

/// Reads SHARE and, if they are not empty, OUTPUTSxINPUTS and `uniform`.
static Error readShare(StringRef share, StringRef block,
                       SparsityPattern &pattern) {
  pattern.isUniform = block.consume_back("uniform");
  if (pattern.isUniform && !block.empty() && !block.consume_back(":"))
    return makeError("cannot read '" + block +
                     "uniform'; expected OUTPUTSxINPUTS:uniform or uniform");
  StringRef number = share;
  double unit = number.consume_back("%") ? 0.01 : 1;
  if (number.getAsDouble(pattern.share))
    return makeError("cannot read the share '" + share +
                     "'; expected a number such as 0.8 or 80%");
  pattern.share *= unit;
  if (!(pattern.share >= 0 && pattern.share < 1))
    return makeError(
        "cannot make a share of " + share +
        " of the weights zero; expected 0 or more and less than 1");
  auto [outputs, inputs] = block.split('x');
  if (!block.empty() && (!readSize(outputs, pattern.blockOutputs) ||
                         !readSize(inputs, pattern.blockInputs)))
    return makeError("cannot read the block '" + block +
                     "'; expected OUTPUTSxINPUTS, such as 4x1");
  return Error::success();
}

Expected<Pruning> edgecc::prune::parsePruning(StringRef text) {
  auto [method, pattern] = text.split(':');
  auto [first, second] = pattern.split(':');
  Pruning pruning;
  if (method == "magnitude")
    pruning.method = Method::Magnitude;
  else if (method == "obc")
    pruning.method = Method::SecondOrder;
  else if (method == "channels")
    pruning.method = Method::Channels;
  else
    return makeError("unknown method '" + method +
                     "'; expected magnitude, obc or channels");
  if (first.empty())
    return makeError("'" + text +
                     "' does not say how many weights become "
                     "zero; expected " +
                     method + ":0.8, " + method + ":0.8:4x1 or " + method +
                     ":2:4");
  int64_t size;
  bool isGroups =
      !second.empty() && !second.contains('x') && !first.getAsInteger(10, size);
  Error error = isGroups ? readGroups(first, second, pruning.pattern)
                         : readShare(first, second, pruning.pattern);
  if (error)
    return std::move(error);
  if (pruning.method == Method::Channels && !second.empty())
    return makeError("channels go whole, not in '" + second +
                     "'; expected a share of the multiplications, such as "
                     "channels:0.4");
  return pruning;
}
