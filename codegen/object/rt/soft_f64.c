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
  u32 size = s.word & 0x7fffffff;
  if (size >= 0x7f800000)
    return value_of(sign | (size > 0x7f800000 ? QUIET : INFINITE));
  if (size == 0)
    return value_of(sign);
  i32 exponent = (i32)(size >> 23);
  u64 fraction = size & 0x7fffff;
  if (exponent == 0) {
    exponent = 1;
    while (!(fraction >> 23)) {
      fraction <<= 1;
      --exponent;
    }
    fraction &= 0x7fffff;
  }
  return value_of(sign | (u64)(exponent + 1023 - 127) << 52 | fraction << 29);
}

float __truncdfsf2(double a) {
  single s;
  u64 word = word_of(a), size = word & ~SIGN;
  u32 sign = (u32)(word >> 63) << 31;
  if (size > INFINITE) {
    s.word = 0x7fc00000;
    return s.value;
  }
  i32 exponent = (i32)(size >> 52) - 1023 + 127;
  if (exponent >= 255) {
    s.word = sign | 0x7f800000;
    return s.value;
  }
  /* 24 bits and what rounding needs: 30 bits, leading one at bit 30. */
  u64 significand = (size & FRACTION) | (size >> 52 ? (u64)1 << 52 : 0);
  u32 kept = (u32)shift_sticky(significand, 22);
  u32 base = 0;
  if (exponent <= 0)
    kept = (u32)shift_sticky(kept, 1 - exponent);
  else
    base = (u32)(exponent - 1) << 23;
  u32 rest = kept & 127;
  kept = (kept + 64) >> 7;
  if (rest == 64)
    kept &= ~1u;
  s.word = sign | (base + kept);
  return s.value;
}

/* The Arm ABI. */
double __aeabi_dadd(double a, double b) { return __adddf3(a, b); }
double __aeabi_dsub(double a, double b) { return __subdf3(a, b); }
double __aeabi_drsub(double a, double b) { return __subdf3(b, a); }
double __aeabi_dmul(double a, double b) { return __muldf3(a, b); }
double __aeabi_ddiv(double a, double b) { return __divdf3(a, b); }
i32 __aeabi_dcmpeq(double a, double b) { return compare(a, b) == 0; }
i32 __aeabi_dcmplt(double a, double b) { return compare(a, b) == -1; }
i32 __aeabi_dcmple(double a, double b) { return compare(a, b) <= 0; }
i32 __aeabi_dcmpgt(double a, double b) { return compare(a, b) == 1; }
i32 __aeabi_dcmpge(double a, double b) { return (compare(a, b) & ~1) == 0; }
i32 __aeabi_dcmpun(double a, double b) { return compare(a, b) == 2; }
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
