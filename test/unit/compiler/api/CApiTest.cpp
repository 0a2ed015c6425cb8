//===- CApiTest.cpp - the compiler from C -----------------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "gtest/gtest.h"

extern "C" int use_c_api(const char *model);

TEST(CApiTest, CompilesAndRefuses) {
  EXPECT_EQ(use_c_api(EDGECC_TEST_MODEL), 0);
}
