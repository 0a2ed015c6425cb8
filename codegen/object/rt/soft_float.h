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
 * Every function takes as many instructions for one number as for another:
 * masks take the place of branches.
 *===----------------------------------------------------------------------===*/

typedef unsigned u32;
typedef int i32;
typedef unsigned long long u64;
typedef long long i64;

#define SIGN ((bits)1 << (BITS - 1))
#define INFINITE ((bits)EXPONENTS << MANTISSA)
#define FRACTION (((bits)1 << MANTISSA) - 1)
#define QUIET (INFINITE | (bits)1 << (MANTISSA - 1))
#define EXPONENT_BITS (BITS - 1 - MANTISSA)
#define EXPONENTS ((1 << EXPONENT_BITS) - 1)
#define BIAS (EXPONENTS >> 1)

typedef union {
  number value;
  bits word;
} cell;

/* A finite number without its sign: significand * 2^exponent in units of the
 * least number, so that 0 is the exponent of subnormal numbers too. */
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

/* All ones if the highest bit is set, else zero. */
static bits mask_of(bits a) { return 0 - (a >> (BITS - 1)); }
static i32 mask_of_i32(i32 a) { return a >> 31; }

static bits is_not_zero(bits a) { return (a | (0 - a)) >> (BITS - 1); }

static i32 at_most(i32 a, i32 limit) {
  i32 above = mask_of_i32(limit - a);
  return (a & ~above) | (limit & above);
}

/* Shifts of 64 bits by 0 to 63: those of C branch on some machines. */
static u64 join(u32 high, u32 low) { return (u64)high << 32 | low; }

static u64 shift_left64(u64 a, u32 by) {
  u32 far = 0 - (by >> 5), near = by & 31;
  u32 high = (u32)(a >> 32), low = (u32)a;
  high = high << near | low >> 1 >> (31 - near);
  low <<= near;
  return join((high & ~far) | (low & far), low & ~far);
}

static u64 shift_right64(u64 a, u32 by) {
  u32 far = 0 - (by >> 5), near = by & 31;
  u32 high = (u32)(a >> 32), low = (u32)a;
  low = low >> near | high << 1 << (31 - near);
  high >>= near;
  return join(high & ~far, (low & ~far) | (high & far));
}

/* What __builtin_clz may not be asked is not asked: LLVM would branch. */
static i32 leading_zeros32(u32 a) {
  u32 none = 1 - ((a | (0 - a)) >> 31);
  return __builtin_clz(a | none) + (i32)none;
}

static i32 leading_zeros64(u64 a) {
  u32 high = (u32)(a >> 32);
  i32 zeros = leading_zeros32(high);
  /* 32 if the upper half is zero. */
  i32 far = 0 - (zeros >> 5);
  return (zeros & ~far) | ((32 + leading_zeros32((u32)a)) & far);
}

#if BITS == 32
#define shift_left(a, by) ((a) << (by))
#define shift_right(a, by) ((a) >> (by))
/* Of numbers other than zero. */
#define leading_zeros __builtin_clz
#else
#define shift_left shift_left64
#define shift_right shift_right64
#define leading_zeros leading_zeros64
#endif

/* Shifts right by less than BITS; the lowest bit says whether ones were lost.
 */
static bits shift_sticky(bits a, i32 by) {
  bits result = shift_right(a, by);
  bits lost = a - shift_left(result, by);
  return result | (0 - lost) >> (BITS - 1);
}

static unpacked unpack(bits size) {
  i32 stored = (i32)(size >> MANTISSA);
  i32 is_normal = (stored + EXPONENTS) >> EXPONENT_BITS;
  unpacked u = {(size & FRACTION) | (bits)is_normal << MANTISSA,
                stored - is_normal};
  return u;
}

/* Moves the leading one to the highest bit. Zero stays; `zero` is 1 then. */
static unpacked normalise(unpacked u, i32 *zero) {
  /* A bit below all others is the leading one if there is no other. */
  bits all = u.significand << EXPONENT_BITS;
  i32 zeros = leading_zeros(all | 1);
  *zero = (zeros + 1) / BITS;
  unpacked result = {shift_left(all, zeros), u.exponent - zeros};
  return result;
}

/* Rounds a significand whose leading one is the highest bit, or lower if the
 * exponent is 0. */
static bits round_bits(bits significand, i32 exponent) {
  bits kept = significand >> EXPONENT_BITS;
  bits rest = significand & EXPONENTS;
  kept += (rest + (kept & 1) + EXPONENTS / 2) >> EXPONENT_BITS;
  bits word = ((bits)exponent << MANTISSA) + kept;
  bits above = mask_of(EXPONENTS - 1 - (word >> MANTISSA));
  return (word & ~above) | (INFINITE & above);
}

/* The same for any exponent. */
static bits pack(bits significand, i32 exponent) {
  i32 below = mask_of_i32(exponent);
  significand = shift_sticky(significand, at_most(-exponent & below, BITS - 1));
  return round_bits(significand, exponent & ~below);
}

/* All ones if a number without its sign is infinite or none. */
static bits mask_of_special(bits size) { return mask_of(INFINITE - 1 - size); }
static bits mask_of_nan(bits size) { return mask_of(INFINITE - size); }

static bits choose(bits mask, bits a, bits b) {
  return (a & mask) | (b & ~mask);
}

static bits add_words(bits a, bits b) {
  bits smaller = mask_of((a & ~SIGN) - (b & ~SIGN));
  bits exchange = (a ^ b) & smaller;
  a ^= exchange;
  b ^= exchange;
  unpacked x = unpack(a & ~SIGN), y = unpack(b & ~SIGN);
  /* Leading ones one below the highest bit. */
  bits large = x.significand << (EXPONENT_BITS - 1);
  bits small = shift_sticky(y.significand << (EXPONENT_BITS - 1),
                            at_most(x.exponent - y.exponent, BITS - 1));
  bits minus = mask_of(a ^ b);
  bits sum = large + ((small ^ minus) - minus);
  /* The lowest bit is no sum's only one: near to zero they are exact. */
  i32 zeros = leading_zeros(sum | 1);
  bits is_number = (bits)((zeros + 1) / BITS) - 1;
  /* What is below the least exponent stays where it is. */
  zeros = at_most(zeros, x.exponent + 1);
  bits word = round_bits(shift_left(sum, zeros), x.exponent + 1 - zeros);
  /* The larger one stays if it is not finite, unless both are opposite. */
  word = choose(mask_of_special(a & ~SIGN), a & ~SIGN, word & is_number);
  word |= QUIET & mask_of_special(b & ~SIGN) & minus;
  return word | (a & SIGN & is_number) | (a & b & SIGN);
}

/* The upper half of a product; the lower half as sticky bit. */
static bits multiply_high(bits a, bits b) {
  bits mask = ((bits)1 << (BITS / 2)) - 1;
  bits al = a & mask, ah = a >> (BITS / 2), bl = b & mask, bh = b >> (BITS / 2);
  bits low = al * bl, m1 = ah * bl, m2 = al * bh;
  bits middle = (low >> (BITS / 2)) + (m1 & mask) + (m2 & mask);
  bits high = ah * bh + (m1 >> (BITS / 2)) + (m2 >> (BITS / 2)) +
              (middle >> (BITS / 2));
  return high | is_not_zero((middle << (BITS / 2)) | (low & mask));
}

static bits multiply_words(bits a, bits b) {
  bits a_size = a & ~SIGN, b_size = b & ~SIGN;
  bits exchange = (a_size ^ b_size) & mask_of(a_size - b_size);
  bits large = a_size ^ exchange, small = b_size ^ exchange;
  /* If both are subnormal, so little is left that digits do not matter. */
  i32 zero;
  unpacked x = unpack(large), y = normalise(unpack(small), &zero);
  bits product = multiply_high(x.significand << EXPONENT_BITS, y.significand);
  i32 up = (i32)(1 - (product >> (BITS - 1)));
  bits word = pack(product << up, x.exponent + y.exponent + 2 - BIAS - up);
  bits none = 0 - (bits)zero, special = mask_of_special(large);
  word = choose(special, large, word & ~none) | (QUIET & special & none);
  return word | ((a ^ b) & SIGN);
}

static bits divide_words(bits a, bits b) {
  bits a_size = a & ~SIGN, b_size = b & ~SIGN;
  i32 is_zero, by_zero;
  unpacked x = normalise(unpack(a_size), &is_zero),
           y = normalise(unpack(b_size), &by_zero);
  bits rest = x.significand >> 1, divisor = y.significand >> 1, quotient = 0;
  /* The first digit may be 0; one more than the format has, for rounding. */
  for (i32 i = 0; i < MANTISSA + 3; ++i) {
    rest -= divisor;
    bits minus = mask_of(rest);
    quotient = (quotient << 1) + 1 + minus;
    rest = (rest + (divisor & minus)) << 1;
  }
  quotient = quotient << (BITS - (MANTISSA + 3)) | is_not_zero(rest);
  i32 up = (i32)(1 - (quotient >> (BITS - 1)));
  bits word = pack(quotient << up, x.exponent - y.exponent + BIAS - 1 - up);
  bits zero_a = 0 - (bits)is_zero, zero_b = 0 - (bits)by_zero;
  bits special_a = mask_of_special(a_size), special_b = mask_of_special(b_size);
  word = choose(special_a | zero_b, INFINITE, word & ~zero_a & ~special_b);
  word |= QUIET & ((special_a & special_b) | (zero_a & zero_b) |
                   mask_of_nan(a_size) | mask_of_nan(b_size));
  return word | ((a ^ b) & SIGN);
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

static i32 is_unordered(number a, number b) {
  bits x = word_of(a) & ~SIGN, y = word_of(b) & ~SIGN;
  return (i32)(((INFINITE - x) | (INFINITE - y)) >> (BITS - 1));
}

/* A number as an integer that compares alike, if it is one. */
static bits order_of(number a) {
  bits word = word_of(a), minus = mask_of(word);
  return ((word & ~SIGN) ^ minus) - minus;
}

/* Whether a < b, if both are numbers: the highest bit of a - b, which may
 * overflow. */
static i32 is_less(number a, number b) {
  bits x = order_of(a), y = order_of(b), d = x - y;
  return (i32)((d ^ ((x ^ y) & (d ^ x))) >> (BITS - 1)) & ~is_unordered(a, b);
}

/* -1, 0, 1, or `other` if either is not a number. */
static i32 compare(number a, number b, i32 other) {
  i32 unordered = 0 - is_unordered(a, b);
  return (is_less(b, a) - is_less(a, b)) | (other & unordered);
}

static i32 is_equal(number a, number b) {
  bits different = order_of(a) ^ order_of(b);
  return (i32)(1 - is_not_zero(different)) & ~is_unordered(a, b);
}

static i32 is_at_most(number a, number b) {
  return 1 - (is_less(b, a) | is_unordered(a, b));
}

i32 NAME(__eq, 2)(number a, number b) { return 1 - is_equal(a, b); }
i32 NAME(__ne, 2)(number a, number b) { return 1 - is_equal(a, b); }
i32 NAME(__lt, 2)(number a, number b) { return compare(a, b, 1); }
i32 NAME(__le, 2)(number a, number b) { return compare(a, b, 1); }
i32 NAME(__gt, 2)(number a, number b) { return compare(a, b, -1); }
i32 NAME(__ge, 2)(number a, number b) { return compare(a, b, -1); }
i32 NAME(__unord, 2)(number a, number b) { return is_unordered(a, b); }

static bits from_magnitude(u64 a) {
  i32 zeros = leading_zeros64(a);
  bits is_number = (bits)(zeros >> 6) - 1;
  u64 all = shift_left64(a, zeros & 63);
#if BITS == 32
  u32 low = (u32)all;
  bits significand = (u32)(all >> 32) | is_not_zero(low);
#else
  bits significand = all;
#endif
  return round_bits(significand, BIAS + 62 - zeros) & is_number;
}

static bits from_word(u32 a) {
#if BITS == 32
  i32 zeros = leading_zeros32(a);
  return round_bits(a << (zeros & 31), BIAS + 30 - zeros) &
         ((bits)(zeros >> 5) - 1);
#else
  return from_magnitude(a);
#endif
}

number NAME(__floatunsi, )(u32 a) { return value_of(from_word(a)); }
number NAME(__floatundi, )(u64 a) { return value_of(from_magnitude(a)); }
number NAME(__floatsi, )(i32 a) {
  u32 minus = (u32)mask_of_i32(a);
  return value_of(from_word(((u32)a ^ minus) - minus) |
                  ((bits)minus << (BITS - 32) & SIGN));
}
number NAME(__floatdi, )(i64 a) {
  u32 sign = (u32)(a >> 63);
  /* LLVM would see the absolute value, and branch. */
  __asm__("" : "+r"(sign));
  u64 minus = join(sign, sign);
  return value_of(from_magnitude(((u64)a ^ minus) - minus) |
                  ((bits)minus & SIGN));
}

/* The magnitude without its fraction, saturating at `limit`; 0 for
 * not-a-numbers. */
static u64 to_magnitude(bits size, u64 limit) {
  i32 exponent = (i32)(size >> MANTISSA) - BIAS;
  u64 significand = (size & FRACTION) | (bits)1 << MANTISSA;
  u64 result =
      shift_right64(significand << (63 - MANTISSA), (u32)(63 - exponent) & 63);
  u64 above = (u64)(i64)mask_of_i32(63 - exponent);
  result |= above;
  result = result > limit ? limit : result;
  u64 none = (u64)(i64)mask_of_i32(exponent) | (i64)mask_of(INFINITE - size);
#if BITS == 32
  none |= none << 32;
#endif
  return result & ~none;
}

static i64 to_signed(number a, u64 limit) {
  bits word = word_of(a), minus = word >> (BITS - 1);
  u64 result = to_magnitude(word & ~SIGN, limit + minus), mask = 0 - (u64)minus;
  return (i64)((result ^ mask) - mask);
}

static u64 to_unsigned(number a, u64 limit) {
  bits word = word_of(a);
  return to_magnitude(word & ~SIGN, limit) & ((u64)(word >> (BITS - 1)) - 1);
}

i32 NAME(__fix, si)(number a) { return (i32)to_signed(a, 0x7fffffff); }
i64 NAME(__fix, di)(number a) { return to_signed(a, ~0ull >> 1); }
u32 NAME(__fixuns, si)(number a) { return (u32)to_unsigned(a, 0xffffffff); }
u64 NAME(__fixuns, di)(number a) { return to_unsigned(a, ~0ull); }

/* A square root, two bits of the operand at a time. */
static bits root_word(bits a) {
  bits size = a & ~SIGN;
  i32 zero;
  unpacked x = normalise(unpack(size), &zero);
  i32 power = x.exponent + 1 - BIAS, odd = power & 1;
  bits twice = 0 - (bits)odd;
  /* An even power leaves a significand in [1, 4) at two bits per digit. */
  bits significand = x.significand >> 1;
  bits rest = ((significand >> (BITS - 3)) & twice) | (~twice & 1);
  bits low = (significand << 2) + ((significand << 2) & twice), root = 0;
  for (i32 i = 0; i < MANTISSA + 5; ++i) {
    rest -= root << 2 | 1;
    bits minus = mask_of(rest);
    rest += (root << 2 | 1) & minus;
    root = (root << 1) + 1 + minus;
    rest = rest << 2 | low >> (BITS - 2);
    low <<= 2;
  }
  /* The digits so far: MANTISSA + 5, leading one first. */
  bits word = round_bits(root << (BITS - (MANTISSA + 5)) | is_not_zero(rest),
                         ((power - odd) >> 1) + BIAS - 1);
  bits none = 0 - (bits)zero;
  word = choose(mask_of_special(size), INFINITE, word & ~none);
  return word | (QUIET & ((mask_of(a) & ~none) | mask_of_nan(size))) |
         (a & SIGN);
}
