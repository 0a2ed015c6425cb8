//===- SanitizerOptions.cpp - what sanitizers look at -----------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Part of every program when EDGECC_SANITIZE is set; ASAN_OPTIONS adds to it.
//
//===----------------------------------------------------------------------===//

/// The headers of LLVM mark what its allocators have not given out as poisoned;
/// its library, which is not instrumented, gives it out without a word.
extern "C" const char *__asan_default_options() {
  return "allow_user_poisoning=0:detect_container_overflow=0";
}

extern "C" const char *__ubsan_default_options() {
  return "print_stacktrace=1";
}
