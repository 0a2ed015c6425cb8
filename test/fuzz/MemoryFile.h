//===- MemoryFile.h - a file that is no file --------------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef EDGECC_TEST_FUZZ_MEMORYFILE_H
#define EDGECC_TEST_FUZZ_MEMORYFILE_H

#include <cstddef>
#include <cstdint>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

namespace edgecc {

/// Bytes under a path, for what reads files.
class MemoryFile {
public:
  MemoryFile(const uint8_t *data, size_t size) {
    ssize_t written = write(descriptor, data, size);
    (void)written;
  }
  MemoryFile(const MemoryFile &) = delete;
  ~MemoryFile() { close(descriptor); }

  std::string path() const {
    return "/proc/self/fd/" + std::to_string(descriptor);
  }

private:
  int descriptor = memfd_create("fuzz", 0);
};

} // namespace edgecc

#endif // EDGECC_TEST_FUZZ_MEMORYFILE_H
