/*===- soft_float.h - floating point on integers -----------------*- C -*-===//
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * One text for both formats. The file that includes it defines
 *   number    float or double
 *   bits      the unsigned integer of its width; BITS that width
 *   MANTISSA  the bits of its fraction: 23 or 52
 *   NAME(a,b) the name of a function: a ## sf or df ## b
 * Round to nearest, ties to even; subnormal numbers; no exceptions.
 *
 * A finite number is unpacked into a significand whose leading one is at bit
 * BITS-2, and the exponent that the format would store. What a shift pushes
 * out stays as a "sticky" lowest bit, so that rounding is right.
 *===----------------------------------------------------------------------===*/

typedef unsigned u32;
typedef int i32;
typedef unsigned long long u64;
typedef long long i64;

#define SIGN ((bits)1 << (BITS - 1))
#define INFINITE ((bits)EXPONENTS << MANTISSA)
#define FRACTION (((bits)1 << MANTISSA) - 1)
#define QUIET (INFINITE | (bits)1 << (MANTISSA - 1))
#define EXPONENTS ((1 << (BITS - 1 - MANTISSA)) - 1)
#define BIAS (EXPONENTS >> 1)
#define GUARD (BITS - 2 - MANTISSA)
#define TOP ((bits)1 << (BITS - 2))

typedef union {
  number value;
  bits word;
} cell;

typedef struct {
  bits significand;
  i32 exponent;
} unpacked;

static bits word_of(number a) {
  cell c;
  c.value = a;
  return c.word;
}

static number value_of(bits a) {
  cell c;
  c.word = a;
  return c.value;
}

/* Shifts right; the lowest bit says whether ones were lost. */
static bits shift_sticky(bits a, i32 by) {
  if (by <= 0)
    return a;
  if (by >= BITS)
    return a != 0;
  return a >> by | ((a << (BITS - by)) != 0);
}

/* Moves the leading one to bit BITS-2; a is neither 0 nor above that bit. */
static unpacked normalise(bits a, i32 exponent) {
  unpacked u = {a, exponent};
  for (i32 step = BITS / 2; step; step >>= 1)
    if (!(u.significand >> (BITS - 1 - step))) {
      u.significand <<= step;
      u.exponent -= step;
    }
  return u;
}

/* A finite number other than zero, without its sign. */
static unpacked unpack(bits a) {
  i32 exponent = (i32)(a >> MANTISSA);
  if (exponent == 0)
    return normalise((a & FRACTION) << GUARD, 1);
  unpacked u = {((a & FRACTION) | (bits)1 << MANTISSA) << GUARD, exponent};
  return u;
}

/* Rounds to the format; leading one at BITS-2 or, after an addition, above. */
static bits pack(bits sign, bits significand, i32 exponent) {
  if (significand & SIGN) {
    significand = shift_sticky(significand, 1);
    ++exponent;
  }
  if (exponent >= EXPONENTS)
    return sign | INFINITE;
  bits base = 0;
  if (exponent <= 0)
    significand = shift_sticky(significand, 1 - exponent);
  else
    base = (bits)(exponent - 1) << MANTISSA;
  bits half = (bits)1 << (GUARD - 1), rest = significand & (2 * half - 1);
  significand = (significand + half) >> GUARD;
  if (rest == half)
    significand &= ~(bits)1;
  return sign | (base + significand);
}

static bits add_words(bits a, bits b) {
  bits a_size = a & ~SIGN, b_size = b & ~SIGN;
  if (a_size > INFINITE || b_size > INFINITE)
    return QUIET;
  if (a_size == INFINITE)
    return b_size == INFINITE && a != b ? QUIET : a;
  if (b_size == INFINITE)
    return b;
  if (b_size == 0)
    return a_size == 0 ? a & b : a;
  if (a_size == 0)
    return b;
  if (a_size < b_size) {
    bits t = a;
    a = b;
    b = t;
    t = a_size;
    a_size = b_size;
    b_size = t;
  }
  unpacked x = unpack(a_size), y = unpack(b_size);
  bits small = shift_sticky(y.significand, x.exponent - y.exponent);
  if (!((a ^ b) & SIGN))
    return pack(a & SIGN, x.significand + small, x.exponent);
  bits difference = x.significand - small;
  if (difference == 0)
    return 0;
  unpacked r = normalise(difference, x.exponent);
  return pack(a & SIGN, r.significand, r.exponent);
}

/* The upper half of a product, the lower half as sticky bit. */
static bits multiply_high(bits a, bits b) {
  bits mask = ((bits)1 << (BITS / 2)) - 1;
  bits al = a & mask, ah = a >> (BITS / 2), bl = b & mask, bh = b >> (BITS / 2);
  bits low = al * bl, m1 = ah * bl, m2 = al * bh;
  bits middle = (low >> (BITS / 2)) + (m1 & mask) + (m2 & mask);
  bits high = ah * bh + (m1 >> (BITS / 2)) + (m2 >> (BITS / 2)) +
              (middle >> (BITS / 2));
  return high << 1 | (middle & ((bits)1 << (BITS / 2 - 1)) ? 1 : 0) |
         (((middle << (BITS / 2 + 1)) | (low & mask)) != 0);
}

static bits multiply_words(bits a, bits b) {
  bits sign = (a ^ b) & SIGN, a_size = a & ~SIGN, b_size = b & ~SIGN;
  if (a_size > INFINITE || b_size > INFINITE)
    return QUIET;
  if (a_size == INFINITE || b_size == INFINITE)
    return a_size && b_size ? sign | INFINITE : QUIET;
  if (!a_size || !b_size)
    return sign;
  unpacked x = unpack(a_size), y = unpack(b_size);
  /* The product has its leading one at 2*BITS-4 or one above, so the high half
   * doubled at BITS-3 or BITS-2. */
  bits product = multiply_high(x.significand, y.significand);
  unpacked r = normalise(product, x.exponent + y.exponent - BIAS + 1);
  return pack(sign, r.significand, r.exponent);
}

static bits divide_words(bits a, bits b) {
  bits sign = (a ^ b) & SIGN, a_size = a & ~SIGN, b_size = b & ~SIGN;
  if (a_size > INFINITE || b_size > INFINITE)
    return QUIET;
  if (a_size == INFINITE)
    return b_size == INFINITE ? QUIET : sign | INFINITE;
  if (b_size == INFINITE)
    return sign;
  if (!b_size)
    return a_size ? sign | INFINITE : QUIET;
  if (!a_size)
    return sign;
  unpacked x = unpack(a_size), y = unpack(b_size);
  i32 exponent = x.exponent - y.exponent + BIAS;
  bits rest = x.significand, quotient = 0;
  if (rest < y.significand) {
    rest <<= 1;
    --exponent;
  }
  for (i32 i = 0; i < BITS - 1; ++i) {
    quotient <<= 1;
    if (rest >= y.significand) {
      rest -= y.significand;
      quotient |= 1;
    }
    rest <<= 1;
  }
  return pack(sign, quotient | (rest != 0), exponent);
}

number NAME(__add, 3)(number a, number b) {
  return value_of(add_words(word_of(a), word_of(b)));
}
number NAME(__sub, 3)(number a, number b) {
  return value_of(add_words(word_of(a), word_of(b) ^ SIGN));
}
number NAME(__mul, 3)(number a, number b) {
  return value_of(multiply_words(word_of(a), word_of(b)));
}
number NAME(__div, 3)(number a, number b) {
  return value_of(divide_words(word_of(a), word_of(b)));
}
number NAME(__neg, 2)(number a) { return value_of(word_of(a) ^ SIGN); }

/* -1, 0, 1, or 2 if either is not a number. */
static i32 compare(number a, number b) {
  bits x = word_of(a), y = word_of(b);
  if ((x & ~SIGN) > INFINITE || (y & ~SIGN) > INFINITE)
    return 2;
  if (((x | y) & ~SIGN) == 0 || x == y)
    return 0;
  if ((x ^ y) & SIGN)
    return x & SIGN ? -1 : 1;
  return (x < y) == !(x & SIGN) ? -1 : 1;
}

i32 NAME(__eq, 2)(number a, number b) { return compare(a, b) != 0; }
i32 NAME(__ne, 2)(number a, number b) { return compare(a, b) != 0; }
i32 NAME(__lt, 2)(number a, number b) { return compare(a, b); }
i32 NAME(__le, 2)(number a, number b) { return compare(a, b); }
i32 NAME(__gt, 2)(number a, number b) {
  i32 order = compare(a, b);
  return order == 2 ? -1 : order;
}
i32 NAME(__ge, 2)(number a, number b) {
  i32 order = compare(a, b);
  return order == 2 ? -1 : order;
}
i32 NAME(__unord, 2)(number a, number b) { return compare(a, b) == 2; }

static bits from_magnitude(bits sign, u64 a) {
  if (a == 0)
    return 0;
  /* At most 62 bits in the significand of 64, the rest sticky. */
  i32 exponent = BIAS + BITS - 2;
#if BITS == 32
  i32 lost = 0;
  while (a >> (31 + lost) && lost < 33)
    ++lost;
  u64 kept = a >> lost;
  bits significand = (bits)kept | ((kept << lost) != a);
  exponent += lost;
#else
  bits significand = a;
  if (a >> 63)
    return pack(sign, a, exponent);
#endif
  unpacked u = normalise(significand, exponent);
  return pack(sign, u.significand, u.exponent);
}

number NAME(__floatunsi, )(u32 a) { return value_of(from_magnitude(0, a)); }
number NAME(__floatundi, )(u64 a) { return value_of(from_magnitude(0, a)); }
number NAME(__floatsi, )(i32 a) {
  return value_of(
      from_magnitude(a < 0 ? SIGN : 0, a < 0 ? 0u - (u32)a : (u32)a));
}
number NAME(__floatdi, )(i64 a) {
  return value_of(
      from_magnitude(a < 0 ? SIGN : 0, a < 0 ? 0ull - (u64)a : (u64)a));
}

/* The magnitude without its fraction, saturating at `limit`; 0 for
 * not-a-numbers. */
static u64 to_magnitude(bits size, u64 limit) {
  if (size > INFINITE || (i32)(size >> MANTISSA) < BIAS)
    return 0;
  i32 exponent = (i32)(size >> MANTISSA) - BIAS;
  if (exponent >= 64)
    return limit;
  u64 significand = (size & FRACTION) | (bits)1 << MANTISSA;
  u64 result = exponent <= MANTISSA ? significand >> (MANTISSA - exponent)
                                    : significand << (exponent - MANTISSA);
  return result > limit ? limit : result;
}

static i64 to_signed(number a, u64 limit) {
  bits word = word_of(a);
  if (word & SIGN)
    return (i64)(0ull - to_magnitude(word & ~SIGN, limit + 1));
  return (i64)to_magnitude(word, limit);
}

static u64 to_unsigned(number a, u64 limit) {
  bits word = word_of(a);
  return word & SIGN ? 0 : to_magnitude(word, limit);
}

i32 NAME(__fix, si)(number a) { return (i32)to_signed(a, 0x7fffffff); }
i64 NAME(__fix, di)(number a) { return to_signed(a, ~0ull >> 1); }
u32 NAME(__fixuns, si)(number a) { return (u32)to_unsigned(a, 0xffffffff); }
u64 NAME(__fixuns, di)(number a) { return to_unsigned(a, ~0ull); }

/* A square root, two bits of the operand at a time. */
static bits root_word(bits a) {
  if ((a & ~SIGN) > INFINITE)
    return QUIET;
  if ((a & ~SIGN) == 0 || a == INFINITE)
    return a;
  if (a & SIGN)
    return QUIET;
  unpacked x = unpack(a);
  i32 power = x.exponent - BIAS;
  /* An even power leaves a significand in [1, 4) at two bits per digit. */
  bits significand = x.significand;
  bits rest = 0, root = 0;
  i32 odd = power & 1;
  bits high = odd ? significand >> (BITS - 3) : significand >> (BITS - 2);
  bits low = odd ? significand << 3 : significand << 2;
  rest = high;
  for (i32 i = 0; i < BITS - 2; ++i) {
    bits trial = root << 2 | 1;
    root <<= 1;
    if (rest >= trial) {
      rest -= trial;
      root |= 1;
    }
    rest = rest << 2 | low >> (BITS - 2);
    low <<= 2;
    if (i > MANTISSA + 3)
      break;
  }
  /* The digits so far: MANTISSA + 5, leading one first. */
  return pack(0, root << (BITS - 1 - (MANTISSA + 5)) | (rest != 0),
              ((power - odd) >> 1) + BIAS);
}
