//===- Description.h - what a file says of an NPU ---------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_CODEGEN_NPU_DESC_DESCRIPTION_H
#define EDGECC_CODEGEN_NPU_DESC_DESCRIPTION_H

#include "codegen/npu/Costs.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"

#include <limits>
#include <string>
#include <vector>

namespace edgecc::npu {

/// No limit.
inline constexpr int64_t unlimited = std::numeric_limits<int64_t>::max();

/// The largest sizes that an operator of an NPU takes.
struct OperatorLimits {
  int64_t kernel = unlimited, stride = unlimited, dilation = unlimited;
  int64_t channels = unlimited;
};

/// An NPU as `--npu=desc:FILE` describes it; docs/howto/bring-your-own-npu.md
/// has the fields of the file.
struct Description {
  std::string name, driver;
  /// The functions of a driver whose NPU works while the CPU does; empty for
  /// one that does not.
  std::string start, wait;
  /// `i8`, `u8`.
  std::vector<std::string> types;
  llvm::StringMap<OperatorLimits> operators;
  /// Of one region.
  int64_t weightBytes = unlimited, scratchBytes = unlimited;
  int64_t operations = unlimited;
  /// A region is worth a call if it takes fewer cycles on the NPU, with the
  /// call, than on the CPU.
  double macsPerCycle = 1, bytesPerCycle = 1;
  CallCosts costs;

  /// The names that `operators` may have.
  static llvm::ArrayRef<llvm::StringRef> operatorNames();

  /// Reads a description. The error names the field, what was found and what
  /// was expected.
  static llvm::Expected<Description> parse(llvm::StringRef text);
};

} // namespace edgecc::npu

#endif // EDGECC_CODEGEN_NPU_DESC_DESCRIPTION_H
