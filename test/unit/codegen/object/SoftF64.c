/*===- SoftF64.c - double on integers, beside that of the host ---*- C -*-===//
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *===----------------------------------------------------------------------===*/

#define number double
#define bits u64
#define BITS 64
#define MANTISSA 52
#define NAME(a, b) soft##a##df##b
#include "codegen/object/rt/soft_float.h"

double soft_sqrt(double a) { return value_of(root_word(word_of(a))); }
int soft_le_df(double a, double b) { return is_at_most(a, b); }
