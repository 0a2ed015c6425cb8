/*===- fixed.c - sums of products of floats in fixed point -------*- C -*-===//
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * For machines without floating point (codegen/kernels/FixedKernel). A block of
 * floats has one exponent, which is the one that the format stores with the
 * largest float. Activations are integers of 51 bits, weights of 25, and sums
 * of products are exact. So floats down to 2^-27 of the largest activation are
 * what they are, and those down to 2^-33 keep 18 bits; weights of less than
 * 2^-8 of the largest one are multiplied as floats, from a list, unless they
 * are below 2^-64 of it, which count as zero. Infinities and NaN give what they
 * give with floats.
 *
 * The number of instructions does not depend on the activations, if they are
 * finite.
 *===----------------------------------------------------------------------===*/

typedef unsigned u32;
typedef int i32;
typedef short i16;
typedef unsigned long long u64;
typedef long long i64;
typedef __UINTPTR_TYPE__ address;

typedef union {
  float value;
  u32 word;
} cell;

/* The largest finite one is 254. */
#define NOT_FINITE 255
/* Bits of the lower digit of an activation. */
#define DIGIT 26
/* The exponent of the upper digits of activations counts from here. */
#define UNIT 151
/* Products of digits whose sums have room in 64 bits. */
#define CHUNK 2048
/* Digits of half the size, for machines that multiply 32 bits only, and
 * products whose sums have room in them. */
#define HALF 13
#define GROUP 32

/* A block of `count` activations, each `(upper * 2^DIGIT + lower) *
 * 2^(exponent - UNIT - DIGIT)`: all upper digits, then all lower ones, of the
 * same sign. Machines that multiply 32 bits have four digits of HALF, the
 * uppermost first. */
typedef struct {
  i32 exponent;
  union {
    i32 digits[1];
    i16 halves[1];
  };
} block;

/* A block of weights, with the exponent that a product of it and of upper
 * digits has beside that of activations. Machines that multiply 32 bits have
 * two digits of HALF, the upper one first. */
typedef struct {
  i32 exponent;
  i32 list; /* where the list of the block is, in words */
  union {
    i32 mantissas[1];
    i16 halves[1];
  };
} weights;

/* A weight whose mantissa, which is zero, would not be exact enough, by its
 * place, in order; one behind the last place is the end. */
typedef struct {
  i32 place;
  float weight;
} listed;

/* Sums of products with upper and with lower digits. */
typedef struct {
  i64 upper, lower;
} sums;

static i32 at_most(i32 a, i32 limit) {
  i32 above = (limit - a) >> 31;
  return (a & ~above) | (limit & above);
}

static inline __attribute__((always_inline)) void
make_block(const u32 *words, block *result, i32 count, i32 has_long) {
  const u32 *end = words + count;
  u32 largest = 0;
  for (const u32 *word = words; word != end; ++word) {
    u32 above = (*word & 0x7fffffff) - largest;
    largest += above & ~(u32)((i32)above >> 31);
  }
  /* Subnormal numbers have the exponent of the least normal ones. */
  i32 exponent = (i32)(largest >> 23);
  exponent += 1 - ((exponent + 255) >> 8);
  result->exponent = exponent;
  if (exponent == NOT_FINITE)
    return;
  for (i32 i = 0; i < count; ++i) {
    u32 word = words[i], own = word << 1 >> 24, is_normal = (own + 255) >> 8;
    u32 bits = (word & 0x7fffff) << 1 | is_normal << 24;
    i32 shift = exponent - 1 - (i32)(own - is_normal);
    bits &= ~(u32)((63 - shift) >> 31);
    /* The upper digit, and the lower one as a fraction of 2^32. */
    u32 near = (u32)shift & 31, far = 0 - ((u32)shift >> 5 & 1);
    u32 upper = bits >> near, lower = bits << 1 << (31 - near);
    lower = (lower & ~far) | (upper & far);
    upper &= ~far;
    u32 minus = (u32)((i32)word >> 31);
    if (has_long) {
      result->digits[i] = (i32)((upper ^ minus) - minus);
      result->digits[count + i] =
          (i32)((lower >> (32 - DIGIT) ^ minus) - minus);
    } else {
      i16 *digit = result->halves + i;
      u32 mask = (1u << HALF) - 1;
      *digit = (i16)((upper >> HALF ^ minus) - minus);
      *(digit += count) = (i16)(((upper & mask) ^ minus) - minus);
      *(digit += count) = (i16)((lower >> (32 - HALF) ^ minus) - minus);
      lower = lower << HALF >> (32 - HALF);
      *(digit += count) = (i16)((lower ^ minus) - minus);
    }
  }
}

/* Makes a block of `count` floats at `from`. */
void __edgecc_fixed_block(address from, address to, i32 count) {
  make_block((const u32 *)from, (block *)to, count, /*has_long=*/1);
}
void __edgecc_fixed_block_halves(address from, address to, i32 count) {
  make_block((const u32 *)from, (block *)to, count, /*has_long=*/0);
}

/* soft_float.h. */
u32 __edgecc_pack_f32(u32 significand, i32 exponent);

/* Both sums as one float. */
static float join(sums all, i32 exponent) {
  i64 sum = all.upper + (all.lower >> DIGIT);
  u32 a = (u32)((u64)sum >> 32), b = (u32)sum;
  u32 c = (u32)all.lower << (32 - DIGIT);
  /* The magnitude, or what is a little less. */
  u32 minus = (u32)((i32)a >> 31);
  a ^= minus;
  b ^= minus;
  c ^= minus;
  /* The first of the three words that is not zero comes first. */
  exponent += 189;
  for (i32 i = 0; i < 2; ++i) {
    u32 none = ((a | (0 - a)) >> 31) - 1;
    a |= b & none;
    b = (b & ~none) | (c & none);
    c &= ~none;
    exponent -= 32 & (i32)none;
  }
  i32 zeros = __builtin_clz(a | 1);
  a = a << zeros | b >> 1 >> (31 - zeros);
  b = b << zeros | c;
  cell result;
  result.word = __edgecc_pack_f32(a | (b | (0 - b)) >> 31, exponent - zeros);
  result.word &= (u32)((i32)a >> 31);
  result.word |= minus << 31;
  return result.value;
}

/* The sum if an activation is not finite: only the signs of weights matter. */
__attribute__((noinline)) static float sum_floats(const float *x,
                                                  const signed char *bytes,
                                                  const weights *y, i32 count,
                                                  i32 has_long) {
  const listed *list = y ? (const listed *)((const i32 *)y + y->list) : 0;
  float sum = 0;
  for (i32 i = 0; i < count; ++i) {
    float weight;
    if (bytes)
      weight = (float)bytes[i];
    else if (i == list->place)
      weight = list++->weight;
    else if (has_long)
      weight = (float)y->mantissas[i];
    else
      weight = (float)((y->halves[i] * (1 << HALF)) + y->halves[count + i]);
    sum += x[i] * weight;
  }
  return sum;
}

/* How machines multiply that have 64 bits of a product: the sum of `size`
 * products from `x` and `y` on, where lower digits lie `count` behind upper
 * ones. */
static inline __attribute__((always_inline)) float
sum_long(const i32 *x, const i32 *y, const signed char *bytes, i32 size,
         i32 count, i32 exponent) {
  sums all = {0, 0};
  for (i32 i = 0; i < size; ++i) {
    i32 weight = bytes ? bytes[i] : y[i];
    all.upper += (i64)x[i] * weight;
    all.lower += (i64)x[count + i] * weight;
  }
  return join(all, exponent);
}

/* The sum of products of one digit and both digits of weights. */
__attribute__((noinline)) static i64 sum_digit(const i16 *x, const i16 *upper,
                                               i32 size, i32 count) {
  address from = (address)x, at = (address)upper, below = at + 2 * count;
  i64 all = 0;
  for (i32 left = size; left > 0; left -= GROUP) {
    i32 bytes = 2 * at_most(left, GROUP);
    from += bytes;
    at += bytes;
    below += bytes;
    i32 high = 0, low = 0;
    address i = 0 - (address)bytes;
    do {
      /* One index for three addresses, which LLVM would count separately. */
      __asm__("" : "+r"(i));
      i32 digit = *(const i16 *)(from + i);
      high += digit * *(const i16 *)(at + i);
      low += digit * *(const i16 *)(below + i);
      i += 2;
    } while (i);
    all += ((i64)high << HALF) + low;
  }
  return all;
}

/* The same for weights of one byte. */
__attribute__((noinline)) static i64
sum_digit_bytes(const i16 *x, const signed char *y, i32 size) {
  /* All products of a chunk have room in 32 bits. */
  i32 sum = 0;
  for (i32 i = 0; i < size; ++i)
    sum += x[i] * y[i];
  return sum;
}

/* How machines multiply that do not. */
static inline __attribute__((always_inline)) float
sum_halves(const i16 *x, const i16 *y, const signed char *bytes, i32 size,
           i32 count, i32 exponent) {
  i64 digits[4];
  for (i32 i = 0; i < 4; ++i, x += count)
    digits[i] =
        bytes ? sum_digit_bytes(x, bytes, size) : sum_digit(x, y, size, count);
  sums all = {(digits[0] << HALF) + digits[1], (digits[2] << HALF) + digits[3]};
  return join(all, exponent);
}

/* The sum of `count` products; the weights are `bytes` or, if there are none,
 * those at `y`. */
static inline __attribute__((always_inline)) float
product(const float *floats, const block *x, const weights *y,
        const signed char *bytes, i32 count, i32 has_long) {
  if (x->exponent == NOT_FINITE)
    return sum_floats(floats, bytes, y, count, has_long);
  i32 exponent = x->exponent + (bytes ? -UNIT : y->exponent);
  float sum = 0;
  i32 at = 0;
  do {
    i32 size = at_most(count - at, CHUNK);
    const signed char *some = bytes ? bytes + at : 0;
    float part = has_long ? sum_long(x->digits + at, y->mantissas + at, some,
                                     size, count, exponent)
                          : sum_halves(x->halves + at, y->halves + at, some,
                                       size, count, exponent);
    if (at) {
      /* Most have one part: do not add in vain. */
      __asm__ volatile("");
      part += sum;
    }
    sum = part;
    at += size;
  } while (at != count);
  if (!bytes)
    for (const listed *list = (const listed *)((const i32 *)y + y->list);
         list->place != count; ++list)
      sum += floats[list->place] * list->weight;
  return sum;
}

/* The sum of products of `count` floats at `floats`, which the block at `left`
 * was made of, and of the weights at `right`. */
float __edgecc_fixed_product(address floats, address left, address right,
                             i32 count) {
  return product((const float *)floats, (const block *)left,
                 (const weights *)right, 0, count, /*has_long=*/1);
}
float __edgecc_fixed_product_halves(address floats, address left, address right,
                                    i32 count) {
  return product((const float *)floats, (const block *)left,
                 (const weights *)right, 0, count, /*has_long=*/0);
}

/* The same for weights that are integers themselves, of a byte. */
float __edgecc_fixed_product_bytes(address floats, address left, address right,
                                   i32 count) {
  return product((const float *)floats, (const block *)left, 0,
                 (const signed char *)right, count, /*has_long=*/1);
}
float __edgecc_fixed_product_bytes_halves(address floats, address left,
                                          address right, i32 count) {
  return product((const float *)floats, (const block *)left, 0,
                 (const signed char *)right, count, /*has_long=*/0);
}
