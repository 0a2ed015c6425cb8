/*===- SoftF32.c - float on integers, beside that of the host ----*- C -*-===//
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *===----------------------------------------------------------------------===*/

#define number float
#define bits u32
#define BITS 32
#define MANTISSA 23
#define NAME(a, b) soft##a##sf##b
#include "codegen/object/rt/soft_float.h"

float soft_sqrtf(float a) { return value_of(root_word(word_of(a))); }
int soft_le_sf(float a, float b) { return is_at_most(a, b); }
