//===- ImageFlags.h - flags about pictures to calibrate with ----*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_COMPILER_TOOLS_IMAGEFLAGS_H
#define EDGECC_COMPILER_TOOLS_IMAGEFLAGS_H

#include "compiler/run/Images.h"

#include "llvm/Support/CommandLine.h"

namespace edgecc::tools {

/// How pictures become inputs.
class ImageFlags {
public:
  explicit ImageFlags(llvm::cl::OptionCategory &category);

  /// The rules that the flags state. Fails for those that are none, and if
  /// there are any without examples.
  llvm::Expected<ImageRules> parse(bool hasExamples) const;

private:
  llvm::cl::opt<std::string> resize, mean, std, layout, channels;
};

} // namespace edgecc::tools

#endif // EDGECC_COMPILER_TOOLS_IMAGEFLAGS_H
