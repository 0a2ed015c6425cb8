//===- Alignment.h - where buffers begin ------------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_DIALECTS_TARGET_ALIGNMENT_H
#define EDGECC_DIALECTS_TARGET_ALIGNMENT_H

#include "dialects/Target/TargetDialect.h"

namespace edgecc::target {

/// The bytes at a multiple of which buffers and constants begin: a line of the
/// cache where there is much memory, else what vectors and the widest elements
/// need. `cpu` may be null.
int64_t bufferAlignment(CpuAttr cpu);

} // namespace edgecc::target

#endif // EDGECC_DIALECTS_TARGET_ALIGNMENT_H
