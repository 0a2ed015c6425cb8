/*===- soft_f64.c - double on integers ---------------------------*- C -*-===//
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *===----------------------------------------------------------------------===*/

#define number double
#define bits u64
#define BITS 64
#define MANTISSA 52
#define NAME(a, b) a##df##b
#include "soft_float.h"

double sqrt(double a) { return value_of(root_word(word_of(a))); }

typedef union {
  float value;
  u32 word;
} single;

double __extendsfdf2(float a) {
  single s;
  s.value = a;
  u64 sign = (u64)(s.word >> 31) << 63;
  u32 size = s.word & 0x7fffffff, fraction = size & 0x7fffff;
  i32 exponent = (i32)(size >> 23), is_normal = (exponent + 255) >> 8;
  u32 all = (fraction << 8) | (u32)is_normal << 31;
  i32 zeros = leading_zeros32(all), zero = zeros >> 5;
  all <<= zeros & 31;
  exponent += 1023 - 127 - is_normal - zeros;
  /* What is not finite has no digits, but a bit if it is no number. */
  u32 special = 0 - (u32)(size >= 0x7f800000);
  exponent = (exponent & (i32)~special) | (i32)(2046 & special);
  all = (all & ~special) | (1u << 31 & special);
  u64 word = ((u64)(u32)exponent << 52) + ((u64)all << 21);
  word &= (u64)zero - 1;
  u64 quiet = (u64)(size > 0x7f800000) << 51;
  return value_of(word | sign | quiet);
}

float __truncdfsf2(double a) {
  single s;
  u64 word = word_of(a), size = word & ~SIGN;
  u32 sign = (u32)(word >> 63) << 31;
  i32 exponent = (i32)(size >> 52) - 1023 + 127;
  /* 24 bits and what rounding needs: 30 bits, leading one at bit 30. What is
   * subnormal as double is zero. */
  u64 significand = (size & FRACTION) | (u64)1 << 52;
  u32 kept = (u32)(significand >> 22) | (u32)is_not_zero(significand << 42);
  i32 by = at_most(1 - exponent, 31);
  by &= ~mask_of_i32(by);
  u32 shifted = kept >> by;
  kept = shifted | (kept != shifted << by);
  u32 base = (u32)(exponent - 1) << 23 & ~(u32)mask_of_i32(exponent - 1);
  u32 rest = kept & 127;
  kept >>= 7;
  kept += (rest + (kept & 1) + 63) >> 7;
  u32 result = base + kept;
  u32 above = (u32)mask_of_i32(254 - exponent);
  result = (result & ~above) | (0x7f800000 & above);
  u32 none = 0 - (u32)(size > INFINITE);
  s.word = ((result | sign) & ~none) | (0x7fc00000 & none);
  return s.value;
}

/* The Arm ABI. */
double __aeabi_dadd(double a, double b) { return __adddf3(a, b); }
double __aeabi_dsub(double a, double b) { return __subdf3(a, b); }
double __aeabi_drsub(double a, double b) { return __subdf3(b, a); }
double __aeabi_dmul(double a, double b) { return __muldf3(a, b); }
double __aeabi_ddiv(double a, double b) { return __divdf3(a, b); }
i32 __aeabi_dcmpeq(double a, double b) { return is_equal(a, b); }
i32 __aeabi_dcmplt(double a, double b) { return is_less(a, b); }
i32 __aeabi_dcmple(double a, double b) { return is_at_most(a, b); }
i32 __aeabi_dcmpgt(double a, double b) { return is_less(b, a); }
i32 __aeabi_dcmpge(double a, double b) { return is_at_most(b, a); }
i32 __aeabi_dcmpun(double a, double b) { return is_unordered(a, b); }
double __aeabi_i2d(i32 a) { return __floatsidf(a); }
double __aeabi_ui2d(u32 a) { return __floatunsidf(a); }
double __aeabi_l2d(i64 a) { return __floatdidf(a); }
double __aeabi_ul2d(u64 a) { return __floatundidf(a); }
i32 __aeabi_d2iz(double a) { return __fixdfsi(a); }
u32 __aeabi_d2uiz(double a) { return __fixunsdfsi(a); }
i64 __aeabi_d2lz(double a) { return __fixdfdi(a); }
u64 __aeabi_d2ulz(double a) { return __fixunsdfdi(a); }
double __aeabi_f2d(float a) { return __extendsfdf2(a); }
float __aeabi_d2f(double a) { return __truncdfsf2(a); }
