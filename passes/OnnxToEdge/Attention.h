//===- Attention.h - contributed attention operators ------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef EDGECC_PASSES_ONNXTOEDGE_ATTENTION_H
#define EDGECC_PASSES_ONNXTOEDGE_ATTENTION_H

#include "passes/OnnxToEdge/Converters.h"

namespace edgecc {

/// The attention operators of `kMicrosoftDomain`.
void registerAttentionConverters(ConverterTable &table);

} // namespace edgecc

#endif // EDGECC_PASSES_ONNXTOEDGE_ATTENTION_H
