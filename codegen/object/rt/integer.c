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

u64 __ashldi3(u64 a, i32 by) {
  halves x = {a}, r;
  if (by & 32) {
    r.half.low = 0;
    r.half.high = x.half.low << (by & 31);
  } else {
    if (by == 0)
      return a;
    r.half.low = x.half.low << by;
    r.half.high = (x.half.high << by) | (x.half.low >> (32 - by));
  }
  return r.all;
}

u64 __lshrdi3(u64 a, i32 by) {
  halves x = {a}, r;
  if (by & 32) {
    r.half.high = 0;
    r.half.low = x.half.high >> (by & 31);
  } else {
    if (by == 0)
      return a;
    r.half.high = x.half.high >> by;
    r.half.low = (x.half.low >> by) | (x.half.high << (32 - by));
  }
  return r.all;
}

u64 __ashrdi3(u64 a, i32 by) {
  halves x = {a}, r;
  if (by & 32) {
    r.half.high = (u32)((i32)x.half.high >> 31);
    r.half.low = (u32)((i32)x.half.high >> (by & 31));
  } else {
    if (by == 0)
      return a;
    r.half.high = (u32)((i32)x.half.high >> by);
    r.half.low = (x.half.low >> by) | (x.half.high << (32 - by));
  }
  return r.all;
}

u32 __mulsi3(u32 a, u32 b) {
  u32 r = 0;
  for (; a; a >>= 1, b <<= 1)
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
    r = (r << 1) | (a >> 31);
    a <<= 1;
    q <<= 1;
    if (r >= b) {
      r -= b;
      q |= 1;
    }
  }
  *rest = r;
  return q;
}

static u64 divide64(u64 a, u64 b, u64 *rest) {
  halves n = {a}, d = {b}, q = {0}, r = {0};
  if (!n.half.high && !d.half.high) {
    q.half.low = divide32(n.half.low, d.half.low, &r.half.low);
    *rest = r.all;
    return q.all;
  }
  for (i32 i = 0; i < 64; ++i) {
    u32 carry = r.half.high >> 31;
    r.half.high = (r.half.high << 1) | (r.half.low >> 31);
    r.half.low = (r.half.low << 1) | (n.half.high >> 31);
    n.half.high = (n.half.high << 1) | (n.half.low >> 31);
    n.half.low <<= 1;
    q.half.high = (q.half.high << 1) | (q.half.low >> 31);
    q.half.low <<= 1;
    if (carry || r.half.high > d.half.high ||
        (r.half.high == d.half.high && r.half.low >= d.half.low)) {
      r.half.high -= d.half.high + (r.half.low < d.half.low);
      r.half.low -= d.half.low;
      q.half.low |= 1;
    }
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

i32 __clzsi2(u32 a) {
  i32 n = 0;
  for (i32 step = 16; step; step >>= 1)
    if (!(a >> (32 - step))) {
      n += step;
      a <<= step;
    }
  return a ? n : 32;
}
i32 __ctzsi2(u32 a) { return a ? 31 - __clzsi2(a & (0u - a)) : 32; }
i32 __clzdi2(u64 a) {
  halves x = {a};
  return x.half.high ? __clzsi2(x.half.high) : 32 + __clzsi2(x.half.low);
}
i32 __ctzdi2(u64 a) {
  halves x = {a};
  return x.half.low ? __ctzsi2(x.half.low) : 32 + __ctzsi2(x.half.high);
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
