/*===- soft_f32.c - float on integers ----------------------------*- C -*-===//
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *===----------------------------------------------------------------------===*/

#define number float
#define bits u32
#define BITS 32
#define MANTISSA 23
#define NAME(a, b) a##sf##b
#include "soft_float.h"

/* What sums in fixed point become floats with (fixed.c). */
u32 __edgecc_pack_f32(u32 significand, i32 exponent) {
  return pack(significand, exponent);
}

float sqrtf(float a) { return value_of(root_word(word_of(a))); }

/* The Arm ABI. */
float __aeabi_fadd(float a, float b) { return __addsf3(a, b); }
float __aeabi_fsub(float a, float b) { return __subsf3(a, b); }
float __aeabi_frsub(float a, float b) { return __subsf3(b, a); }
float __aeabi_fmul(float a, float b) { return __mulsf3(a, b); }
float __aeabi_fdiv(float a, float b) { return __divsf3(a, b); }
i32 __aeabi_fcmpeq(float a, float b) { return is_equal(a, b); }
i32 __aeabi_fcmplt(float a, float b) { return is_less(a, b); }
i32 __aeabi_fcmple(float a, float b) { return is_at_most(a, b); }
i32 __aeabi_fcmpgt(float a, float b) { return is_less(b, a); }
i32 __aeabi_fcmpge(float a, float b) { return is_at_most(b, a); }
i32 __aeabi_fcmpun(float a, float b) { return is_unordered(a, b); }
float __aeabi_i2f(i32 a) { return __floatsisf(a); }
float __aeabi_ui2f(u32 a) { return __floatunsisf(a); }
float __aeabi_l2f(i64 a) { return __floatdisf(a); }
float __aeabi_ul2f(u64 a) { return __floatundisf(a); }
i32 __aeabi_f2iz(float a) { return __fixsfsi(a); }
u32 __aeabi_f2uiz(float a) { return __fixunssfsi(a); }
i64 __aeabi_f2lz(float a) { return __fixsfdi(a); }
u64 __aeabi_f2ulz(float a) { return __fixunssfdi(a); }
