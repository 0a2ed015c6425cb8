/*===- fixed.c - sums of products of floats in fixed point -------*- C -*-===//
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * For machines without floating point (codegen/kernels/FixedKernel). A block of
 * floats is `mantissa * 2^(exponent - 155)`: integers of at most 2^29 with one
 * exponent, which is the one that the format stores with the largest float.
 *
 * Rounding moves a mantissa by at most one, and a sum of products by at most
 * what the magnitudes of both sides add up to. A sum that is less than 2^16
 * times these is computed once more, with activations as they are, and so are
 * weights that rounding moves by more than 2^-19 of themselves. So each sum is
 * within 2^-16 of itself or 2^-19 of the sum of its magnitudes, but for weights
 * of less than 2^-64 of the largest one, which count as zero then. Infinities
 * and NaN give what they give with floats.
 *===----------------------------------------------------------------------===*/

typedef unsigned u32;
typedef int i32;
typedef long long i64;
typedef __UINTPTR_TYPE__ address;

typedef union {
  float value;
  u32 word;
} cell;

/* The largest finite one is 254. */
#define NOT_FINITE 255
/* The exponent of 2^0 if the number is multiplied by 2^28. */
#define UNIT 155
/* Products that 63 bits have room for, and bits that their sum then loses. */
#define GROUP 16
#define LOST 12

/* A block: its exponent, 0 if all numbers are zero; the sum of the magnitudes
 * of its mantissas in units of 2^16; its mantissas. */
typedef struct {
  i32 exponent, magnitude;
  i32 mantissas[];
} block;

/* A block of weights, whose exponent counts from 2^(LOST - 2 * UNIT). No
 * mantissa is zero unless the weight is. */
typedef struct {
  i32 exponent, magnitude;
  i32 list; /* where the list of the block is, in words */
  i32 mantissas[];
} weights;

/* A weight whose mantissa is not exact enough, by its place, in order; one
 * behind the last place is the end. */
typedef struct {
  i32 place;
  float weight;
} listed;

/* Makes a block of `count` floats at `from`. */
void __edgecc_fixed_block(address from, address to, i32 count) {
  const u32 *words = (const u32 *)from, *end = words + count;
  block *result = (block *)to;
  u32 largest = 0;
  for (const u32 *word = words; word != end; ++word) {
    u32 size = *word & 0x7fffffff;
    largest = size > largest ? size : largest;
  }
  i32 exponent = (i32)(largest >> 23);
  if (exponent == 0 && largest != 0)
    exponent = 1;
  result->exponent = exponent;
  if (exponent == 0 || exponent == NOT_FINITE)
    return;
  i32 magnitude = 0, *mantissa = result->mantissas;
  for (const u32 *word = words; word != end; ++word) {
    u32 size = *word & 0x7fffffff, own = size >> 23;
    u32 bits = (size & 0x7fffff) << 5;
    if (own)
      bits |= 1u << 28;
    else
      own = 1;
    u32 shift = (u32)exponent - own;
    if (shift > 29)
      bits = 0;
    else
      bits = (bits + ((1u << shift) >> 1)) >> shift;
    magnitude += (i32)((bits + 0xffff) >> 16);
    *mantissa++ = *word >> 31 ? -(i32)bits : (i32)bits;
  }
  result->magnitude = magnitude;
}

/* `sum` times 2 to the power of `exponent`. */
static float scale(i64 sum, i32 exponent) {
  cell result;
  result.value = (float)sum;
  if (sum == 0)
    return 0;
  exponent += (i32)(result.word >> 23 & 255);
  u32 sign = result.word & 0x80000000, bits = result.word & 0x7fffff;
  if (exponent >= NOT_FINITE)
    bits = (u32)NOT_FINITE << 23;
  else if (exponent > 0)
    bits |= (u32)exponent << 23;
  else
    bits = exponent > -24 ? (bits | 1u << 23) >> (1 - exponent) : 0;
  result.word = sign | bits;
  return result.value;
}

/* The sum of products of mantissas, 2^LOST in one. */
static i64 sum_mantissas(const i32 *x, const i32 *y, i32 count) {
  const i32 *end = x + count;
  i64 all = 0;
  while (x != end) {
    const i32 *stop = end - x > GROUP ? x + GROUP : end;
    i64 part = 0;
    do
      part += (i64)*x++ * *y++;
    while (x != stop);
    all += part >> LOST;
  }
  return all;
}

/* The same with activations as they are, in words of which the largest has
 * `exponent`. */
static float sum_exactly(const u32 *x, const weights *right, i32 count,
                         i32 exponent) {
  const listed *list = (const listed *)((const i32 *)right + right->list);
  i64 all = 0;
  float rest = 0;
  /* Products have 53 bits. */
  i32 drop = 0;
  while (count >> (10 + drop))
    ++drop;
  for (i32 i = 0; i < count; ++i) {
    i32 mantissa = right->mantissas[i];
    cell activation;
    activation.word = x[i];
    if (list->place == i) {
      rest += activation.value * list++->weight;
      continue;
    }
    i32 own = (i32)(x[i] >> 23 & 255), bits = (i32)(x[i] & 0x7fffff);
    if (own)
      bits |= 1 << 23;
    else
      own = 1;
    i32 shift = exponent - own + drop;
    /* What is not listed has more, unless it is too small. */
    if ((mantissa >= -1 && mantissa <= 1) || shift > 54)
      continue;
    i64 product = (i64)bits * mantissa >> shift;
    all += x[i] >> 31 ? -product : product;
  }
  exponent += right->exponent + drop + UNIT - LOST - 150;
  return scale(all, exponent) + rest;
}

/* The sum of products of `count` floats at `floats`, which the block at `left`
 * was made of, and of the weights at `right`. */
float __edgecc_fixed_product(address floats, address left, address right,
                             i32 count) {
  const block *a = (const block *)left;
  const weights *b = (const weights *)right;
  if (a->exponent == 0)
    return 0;
  if (a->exponent == NOT_FINITE) {
    /* Only the signs of weights matter. */
    const float *x = (const float *)floats;
    float sum = 0;
    for (i32 i = 0; i < count; ++i)
      sum += x[i] * (float)b->mantissas[i];
    return sum;
  }
  i64 all = sum_mantissas(a->mantissas, b->mantissas, count);
  i64 least = (i64)(a->magnitude + b->magnitude) << (32 - LOST);
  if ((all < 0 ? -all : all) < least)
    return sum_exactly((const u32 *)floats, b, count, a->exponent);
  return scale(all, a->exponent + b->exponent);
}

/* The same for weights that are integers themselves, of a byte. */
float __edgecc_fixed_product_bytes(address floats, address left, address right,
                                   i32 count) {
  const block *a = (const block *)left;
  const signed char *y = (const signed char *)right;
  const cell *x = (const cell *)floats;
  if (a->exponent == 0)
    return 0;
  if (a->exponent == NOT_FINITE) {
    float sum = 0;
    for (i32 i = 0; i < count; ++i)
      sum += x[i].value * (float)y[i];
    return sum;
  }
  i64 all = 0;
  for (i32 i = 0; i < count; ++i)
    all += (i64)a->mantissas[i] * y[i];
  i32 exponent = a->exponent - UNIT;
  /* At most this is half of what the magnitudes of weights add up to. */
  i64 least = (i64)count << (6 + 16);
  if ((all < 0 ? -all : all) < least) {
    all = 0;
    for (i32 i = 0; i < count; ++i) {
      i32 own = (i32)(x[i].word >> 23 & 255),
          bits = (i32)(x[i].word & 0x7fffff);
      if (own)
        bits |= 1 << 23;
      else
        own = 1;
      i32 shift = a->exponent - own;
      if (shift > 44)
        continue;
      /* Products have 31 bits, and 17 more if there are so many. */
      i64 product = ((i64)(bits * y[i]) << 14) >> shift;
      all += x[i].word >> 31 ? -product : product;
    }
    exponent = a->exponent - 150 - 14;
  }
  return scale(all, exponent);
}
