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

/// Reads OUTPUTSxINPUTS.
static Error readBlock(StringRef block, SparsityPattern &pattern) {
  auto [outputs, inputs] = block.split('x');
  if (readSize(outputs, pattern.blockOutputs) &&
      readSize(inputs, pattern.blockInputs))
    return Error::success();
  return makeError("cannot read the block '" + block +
                   "'; expected OUTPUTSxINPUTS, such as 4x1");
}

/// Reads what follows `auto`, if it is not empty.
static Error readPattern(StringRef text, SparsityPattern &pattern) {
  if (text.empty())
    return Error::success();
  auto [kept, group] = text.split(':');
  return group.empty() ? readBlock(text, pattern)
                       : readGroups(kept, group, pattern);
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
  return block.empty() ? Error::success() : readBlock(block, pattern);
}

/// Takes `:rounds=N` off the end.
static Error readRounds(StringRef &text, int64_t &rounds) {
  auto [rest, last] = text.rsplit(':');
  StringRef number = last;
  if (!number.consume_front("rounds="))
    return Error::success();
  constexpr int64_t most = 100;
  if (!readSize(number, rounds) || rounds > most)
    return makeError("cannot read '" + last +
                     "'; expected rounds=1 to rounds=100");
  text = rest;
  return Error::success();
}

Expected<Pruning> edgecc::prune::parsePruning(StringRef text) {
  Pruning pruning;
  if (Error error = readRounds(text, pruning.rounds))
    return std::move(error);
  auto [method, pattern] = text.split(':');
  auto [first, second] = pattern.split(':');
  if (method == "magnitude")
    pruning.method = Method::Magnitude;
  else if (method == "obc")
    pruning.method = Method::SecondOrder;
  else if (method == "channels")
    pruning.method = Method::Channels;
  else if (method == "auto")
    pruning.method = Method::Auto;
  else
    return makeError("unknown method '" + method +
                     "'; expected magnitude, obc, channels or auto");
  if (pruning.rounds > 1 && pruning.method != Method::SecondOrder &&
      pruning.method != Method::Channels)
    return makeError("'" + method +
                     "' takes no rounds; expected obc or channels");
  if (pruning.method == Method::Auto) {
    if (Error error = readPattern(pattern, pruning.pattern))
      return std::move(error);
    return pruning;
  }
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
  if (isGroups && pruning.rounds > 1)
    return makeError("groups such as 2:4 are left in one round");
  if (pruning.method == Method::Channels && !second.empty())
    return makeError("channels go whole, not in '" + second +
                     "'; expected a share of the multiplications, such as "
                     "channels:0.4");
  return pruning;
}
