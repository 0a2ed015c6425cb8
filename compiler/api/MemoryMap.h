//===- MemoryMap.h - the memories of a device, from a file ------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_COMPILER_API_MEMORYMAP_H
#define EDGECC_COMPILER_API_MEMORYMAP_H

#include "dialects/Target/MemoryMap.h"

#include "llvm/Support/Error.h"
#include <optional>

namespace edgecc {

/// Bytes, KiB with a K behind the number, MiB with an M; nothing for any other
/// text.
std::optional<uint64_t> parseBytes(llvm::StringRef text);

/// Reads a memory map in JSON: an object whose `regions` are objects with
/// `name`, `size` (bytes, or a text such as "64K"), and, if it is not as the
/// default, `access` ("rw", or "r" for constants), `bytes_per_cycle` (1) and
/// `section` (".rodata.NAME"); and, if something copies beside the CPU, its
/// `dma_bytes_per_cycle`. The error says what is wrong and where.
llvm::Expected<target::MemoryMap> parseMemoryMap(llvm::StringRef json);

} // namespace edgecc

#endif // EDGECC_COMPILER_API_MEMORYMAP_H
