/*===- integer.c - integer arithmetic without instructions -------*- C -*-===//
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * By shifts, additions and 32-bit operations only, so that no function here
 * needs another one of its kind that is not here.
 *===----------------------------------------------------------------------===*/

typedef unsigned u32;
typedef int i32;
typedef unsigned long long u64;
typedef long long i64;

/* Shifts of 64 bits by 32-bit halves: `<<` on u64 would call itself. */
typedef union {
  u64 all;
  struct {
    u32 low, high;
  } half;
} halves;

/* All ones if the sixth bit of a shift is set: one half moves to the other. */
static u32 far_of(i32 by) { return 0u - ((u32)by >> 5 & 1); }

u64 __ashldi3(u64 a, i32 by) {
  halves x = {a}, r;
  u32 far = far_of(by), near = by & 31;
  u32 high = x.half.high << near | x.half.low >> 1 >> (31 - near);
  u32 low = x.half.low << near;
  r.half.low = low & ~far;
  r.half.high = (high & ~far) | (low & far);
  return r.all;
}

/* The shift right of a number whose upper halves are `sign`. */
static u64 shift_right(u64 a, i32 by, u32 sign) {
  halves x = {a}, r;
  u32 far = far_of(by), near = by & 31;
  u32 low = x.half.low >> near | x.half.high << 1 << (31 - near);
  u32 high = x.half.high >> near | sign << 1 << (31 - near);
  r.half.low = (low & ~far) | (high & far);
  r.half.high = (high & ~far) | (sign & far);
  return r.all;
}
u64 __lshrdi3(u64 a, i32 by) { return shift_right(a, by, 0); }
u64 __ashrdi3(u64 a, i32 by) {
  halves x = {a};
  return shift_right(a, by, (u32)((i32)x.half.high >> 31));
}

u32 __mulsi3(u32 a, u32 b) {
  u32 r = 0;
  for (i32 i = 0; i < 32; ++i, a >>= 1, b <<= 1)
    r += b & (0u - (a & 1));
  return r;
}

u64 __muldi3(u64 a, u64 b) {
  halves x = {a}, y = {b}, r;
  u32 xl = x.half.low & 0xffff, xh = x.half.low >> 16;
  u32 yl = y.half.low & 0xffff, yh = y.half.low >> 16;
  u32 low = xl * yl, m1 = xh * yl, m2 = xl * yh;
  u32 sum = (low >> 16) + (m1 & 0xffff) + (m2 & 0xffff);
  r.half.low = (low & 0xffff) | (sum << 16);
  r.half.high = xh * yh + (m1 >> 16) + (m2 >> 16) + (sum >> 16) +
                x.half.low * y.half.high + x.half.high * y.half.low;
  return r.all;
}

/* Restoring division, a bit at a time; by zero gives all ones, rest a. */
static u32 divide32(u32 a, u32 b, u32 *rest) {
  u32 q = 0, r = 0;
  for (i32 i = 0; i < 32; ++i) {
    u32 carry = r >> 31;
    r = (r << 1) | (a >> 31);
    a <<= 1;
    u32 enough = carry | (r >= b);
    r -= b & (0u - enough);
    q = q << 1 | enough;
  }
  *rest = r;
  return q;
}

static u64 divide64(u64 a, u64 b, u64 *rest) {
  halves n = {a}, d = {b}, q = {0}, r = {0};
  for (i32 i = 0; i < 64; ++i) {
    u32 carry = r.half.high >> 31;
    r.half.high = (r.half.high << 1) | (r.half.low >> 31);
    r.half.low = (r.half.low << 1) | (n.half.high >> 31);
    n.half.high = (n.half.high << 1) | (n.half.low >> 31);
    n.half.low <<= 1;
    u32 enough = carry | (r.half.high > d.half.high) |
                 ((r.half.high == d.half.high) & (r.half.low >= d.half.low));
    u32 mask = 0u - enough, borrow = r.half.low < (d.half.low & mask);
    r.half.high -= (d.half.high & mask) + borrow;
    r.half.low -= d.half.low & mask;
    q.half.high = (q.half.high << 1) | (q.half.low >> 31);
    q.half.low = (q.half.low << 1) | enough;
  }
  *rest = r.all;
  return q.all;
}

u32 __udivsi3(u32 a, u32 b) {
  u32 rest;
  return divide32(a, b, &rest);
}
u32 __umodsi3(u32 a, u32 b) {
  u32 rest;
  divide32(a, b, &rest);
  return rest;
}
static u32 absolute32(i32 a) { return a < 0 ? 0u - (u32)a : (u32)a; }
i32 __divsi3(i32 a, i32 b) {
  u32 rest, q = divide32(absolute32(a), absolute32(b), &rest);
  return (i32)((a ^ b) < 0 ? 0u - q : q);
}
i32 __modsi3(i32 a, i32 b) {
  u32 rest;
  divide32(absolute32(a), absolute32(b), &rest);
  return (i32)(a < 0 ? 0u - rest : rest);
}

u64 __udivdi3(u64 a, u64 b) {
  u64 rest;
  return divide64(a, b, &rest);
}
u64 __umoddi3(u64 a, u64 b) {
  u64 rest;
  divide64(a, b, &rest);
  return rest;
}
static u64 absolute64(i64 a) { return a < 0 ? 0ull - (u64)a : (u64)a; }
i64 __divdi3(i64 a, i64 b) {
  u64 rest, q = divide64(absolute64(a), absolute64(b), &rest);
  return (i64)((a ^ b) < 0 ? 0ull - q : q);
}
i64 __moddi3(i64 a, i64 b) {
  u64 rest;
  divide64(absolute64(a), absolute64(b), &rest);
  return (i64)(a < 0 ? 0ull - rest : rest);
}

/* Bits from the leading one down are set, and counted by a table: each number
 * of ones has another product in its upper five bits. */
i32 __clzsi2(u32 a) {
  static const unsigned char zeros[32] = {
      31, 22, 30, 21, 18, 10, 29, 2,  20, 17, 15, 13, 9, 6,  28, 1,
      23, 19, 11, 3,  16, 14, 7,  24, 12, 4,  8,  25, 5, 26, 27, 0};
  i32 none = (i32)((a | (0u - a)) >> 31) ^ 1;
  a |= a >> 1;
  a |= a >> 2;
  a |= a >> 4;
  a |= a >> 8;
  a |= a >> 16;
  return zeros[(a * 0x07c4acddu) >> 27] + none;
}
i32 __ctzsi2(u32 a) {
  i32 zeros = __clzsi2(a & (0u - a));
  /* 32 if a is zero. */
  return 31 - zeros + 33 * (zeros >> 5);
}
i32 __clzdi2(u64 a) {
  halves x = {a};
  i32 zeros = __clzsi2(x.half.high);
  return zeros + (__clzsi2(x.half.low) & (0 - (zeros >> 5)));
}
i32 __ctzdi2(u64 a) {
  halves x = {a};
  i32 zeros = __ctzsi2(x.half.low);
  return zeros + (__ctzsi2(x.half.high) & (0 - (zeros >> 5)));
}

/* The Arm ABI: quotient in the first register, rest in the second. */
u64 __aeabi_uidivmod(u32 a, u32 b) {
  halves r;
  r.half.low = divide32(a, b, &r.half.high);
  return r.all;
}
u64 __aeabi_idivmod(i32 a, i32 b) {
  halves r;
  r.half.low = (u32)__divsi3(a, b);
  r.half.high = (u32)__modsi3(a, b);
  return r.all;
}
u32 __aeabi_uidiv(u32 a, u32 b) { return __udivsi3(a, b); }
i32 __aeabi_idiv(i32 a, i32 b) { return __divsi3(a, b); }
u64 __aeabi_lmul(u64 a, u64 b) { return __muldi3(a, b); }
u64 __aeabi_llsl(u64 a, i32 by) { return __ashldi3(a, by); }
u64 __aeabi_llsr(u64 a, i32 by) { return __lshrdi3(a, by); }
u64 __aeabi_lasr(u64 a, i32 by) { return __ashrdi3(a, by); }
