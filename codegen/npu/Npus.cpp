//===- Npus.cpp - the plug-ins of this build --------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "codegen/npu/Npu.h"

#include "llvm/ADT/StringExtras.h"

using namespace edgecc;
using namespace edgecc::npu;

namespace edgecc::npu {
#define EDGECC_NPU(name, create)                                               \
  NpuPtr create(llvm::StringRef argument, ErrorFn emitError);
#include "codegen/npu/Npus.inc"
#undef EDGECC_NPU
} // namespace edgecc::npu

/// The names, and an empty one, without which there might be none.
static constexpr llvm::StringRef names[] = {
#define EDGECC_NPU(name, create) name,
#include "codegen/npu/Npus.inc"
#undef EDGECC_NPU
    ""};

llvm::ArrayRef<llvm::StringRef> npu::npuNames() {
  return llvm::ArrayRef(names).drop_back();
}

NpuPtr npu::createNpu(llvm::StringRef request, ErrorFn emitError) {
  auto [name, argument] = request.split(':');
#define EDGECC_NPU(known, create)                                              \
  if (name == known)                                                           \
    return create(argument, emitError);
#include "codegen/npu/Npus.inc"
#undef EDGECC_NPU
  emitError() << "unknown NPU '" << name << "' in --npu; expected one of "
              << llvm::join(npuNames(), ", ");
  return nullptr;
}
