/*===- math.c - functions on double ------------------------------*- C -*-===//
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What networks with double elements may ask for, to about 1e-14 relative
 * error, without errno and exceptions; the remainders and roundings are exact.
 *===----------------------------------------------------------------------===*/

typedef unsigned u32;
typedef int i32;
typedef unsigned long long u64;
typedef long long i64;

#define INFINITY __builtin_inf()
#define NAN __builtin_nan("")
#define LN2_HIGH 6.93147180369123816490e-01
#define LN2_LOW 1.90821492927058770002e-10
#define PI_2 1.57079632679489661923

double sqrt(double);

/* The bits of a type of floats, in words as long. */
#define DEFINE_BITS(number, bits, suffix)                                      \
  typedef union {                                                              \
    number value;                                                              \
    bits word;                                                                 \
  } cell##suffix;                                                              \
  static bits word_of##suffix(number a) {                                      \
    cell##suffix c;                                                            \
    c.value = a;                                                               \
    return c.word;                                                             \
  }                                                                            \
  static number value_of##suffix(bits a) {                                     \
    cell##suffix c;                                                            \
    c.word = a;                                                                \
    return c.value;                                                            \
  }                                                                            \
  static i32 sign_of##suffix(number a) {                                       \
    return (i32)(word_of##suffix(a) >> (8 * sizeof(bits) - 1));                \
  }                                                                            \
  static number absolute##suffix(number a) {                                   \
    return value_of##suffix(word_of##suffix(a) & ~(bits)0 >> 1);               \
  }                                                                            \
  static number with_sign##suffix(number a, number sign) {                     \
    bits rest = ~(bits)0 >> 1;                                                 \
    return value_of##suffix((word_of##suffix(a) & rest) |                      \
                            (word_of##suffix(sign) & ~rest));                  \
  }

DEFINE_BITS(double, u64, )
DEFINE_BITS(float, u32, _f32)

/* The coefficients of the highest power first. */
static double poly(double x, const double *c, i32 count) {
  double r = c[0];
  for (i32 i = 1; i < count; ++i)
    r = r * x + c[i];
  return r;
}

/*===--------------------------- roundings --------------------------------===*/

static i32 between(i32 a, i32 low, i32 high) {
  a = a < low ? low : a;
  return a > high ? high : a;
}

/* Clears the bits of the fraction. */
double trunc(double a) {
  u64 word = word_of(a);
  i32 exponent = (i32)(word >> 52 & 2047) - 1023;
  u32 high = 0xfffffu >> between(exponent, 0, 20);
  u32 low = ~0u >> between(exponent - 20, 0, 31);
  low = exponent >= 52 ? 0 : low;
  word &= ~((u64)high << 32 | low);
  return value_of(exponent < 0 ? word & 1ull << 63 : word);
}
float truncf(float a) {
  u32 word = word_of_f32(a);
  i32 exponent = (i32)(word >> 23 & 255) - 127;
  word &= ~(0x7fffffu >> between(exponent, 0, 23));
  return value_of_f32(exponent < 0 ? word & 1u << 31 : word);
}

/* Sums with a number made of a comparison, which takes the same time for all. A
 * sum with the least number without fraction rounds to even. */
#define ROUNDINGS(number, f, magic, with_sign, absolute)                       \
  number floor##f(number a) {                                                  \
    number t = trunc##f(a);                                                    \
    return t - (number)(t > a);                                                \
  }                                                                            \
  number ceil##f(number a) {                                                   \
    number t = trunc##f(a);                                                    \
    return with_sign(t + (number)(t < a), a);                                  \
  }                                                                            \
  number round##f(number a) {                                                  \
    number x = absolute(a), t = trunc##f(x);                                   \
    return with_sign(t + (number)(x - t >= (number)0.5), a);                   \
  }                                                                            \
  number roundeven##f(number a) {                                              \
    number x = absolute(a), near = (x + magic) - magic;                        \
    return with_sign(x < magic ? near : x, a);                                 \
  }                                                                            \
  number rint##f(number a) { return roundeven##f(a); }                         \
  number nearbyint##f(number a) { return roundeven##f(a); }

/* Not-a-numbers win extrema of the second kind, where 0 is above -0. */
#define EXTREMA(number, f, nan, sign_of)                                       \
  number fmin##f(number a, number b) { return ((b != b) | (a < b)) ? a : b; }  \
  number fmax##f(number a, number b) { return ((b != b) | (a > b)) ? a : b; }  \
  number fmaximum##f(number a, number b) {                                     \
    i32 none = (a != a) | (b != b);                                            \
    number r = ((a > b) | ((a == b) & !sign_of(a))) ? a : b;                   \
    return none ? nan : r;                                                     \
  }                                                                            \
  number fminimum##f(number a, number b) {                                     \
    i32 none = (a != a) | (b != b);                                            \
    number r = ((a < b) | ((a == b) & sign_of(a))) ? a : b;                    \
    return none ? nan : r;                                                     \
  }                                                                            \
  number fmaximum_num##f(number a, number b) { return fmax##f(a, b); }         \
  number fminimum_num##f(number a, number b) { return fmin##f(a, b); }

ROUNDINGS(double, , 0x1p52, with_sign, absolute)
ROUNDINGS(float, f, 0x1p23f, with_sign_f32, absolute_f32)
EXTREMA(double, , NAN, sign_of)
EXTREMA(float, f, __builtin_nanf(""), sign_of_f32)

/*===-------------------------- remainders --------------------------------===*/

/* By subtracting b times powers of two; each step is exact. */
double fmod(double a, double b) {
  double x = absolute(a), y = absolute(b);
  if (!(x < INFINITY) || y != y || y == 0)
    return NAN;
  while (x >= y) {
    i32 shift = (i32)(word_of(x) >> 52) - (i32)(word_of(y) >> 52);
    double scaled = y;
    if (shift > 0 && word_of(y) >> 52)
      scaled = value_of(word_of(y) + ((u64)shift << 52));
    else
      while (scaled + scaled <= x)
        scaled += scaled;
    if (scaled > x)
      scaled *= 0.5;
    x -= scaled;
  }
  return with_sign(x, a);
}
float fmodf(float a, float b) { return (float)fmod(a, b); }

/*===------------------------- exponentials -------------------------------===*/

/* a * 2^n, in steps where 2^n is no number of the format. */
static double scale(double a, i32 n) {
  while (n > 1023) {
    a *= 0x1p1023;
    n -= 1023;
  }
  while (n < -1000) {
    a *= 0x1p-1000;
    n += 1000;
  }
  return a * value_of((u64)(n + 1023) << 52);
}

/* e^(high + low) for a low part far below the high one. */
static double exp_pair(double high, double low) {
  if (high != high)
    return high;
  if (high > 710)
    return INFINITY;
  if (high < -746)
    return 0;
  i32 n = (i32)(high * 1.44269504088896340736 + (high < 0 ? -0.5 : 0.5));
  double r = (high - n * LN2_HIGH) - n * LN2_LOW + low;
  static const double c[] = {1 / 6227020800.0,
                             1 / 479001600.0,
                             1 / 39916800.0,
                             1 / 3628800.0,
                             1 / 362880.0,
                             1 / 40320.0,
                             1 / 5040.0,
                             1 / 720.0,
                             1 / 120.0,
                             1 / 24.0,
                             1 / 6.0,
                             0.5,
                             1,
                             1};
  return scale(poly(r, c, 14), n);
}

double exp(double a) { return exp_pair(a, 0); }
double exp2(double a) {
  if (!(absolute(a) < 2000))
    return a > 0 ? INFINITY : a < 0 ? 0 : a;
  double whole = roundeven(a);
  return scale(exp_pair((a - whole) * 0.69314718055994530942, 0), (i32)whole);
}
double expm1(double a) {
  if (absolute(a) > 0.5)
    return exp(a) - 1;
  double r = 1.0 / 87178291200.0;
  double n = 87178291200.0;
  for (i32 i = 14; i > 1; --i) {
    n /= i;
    r = r * a + 1 / n;
  }
  return r * a;
}

/*===-------------------------- logarithms --------------------------------===*/

/* log(1 + f) as f - f^2/2 + rest, where f is from sqrt(1/2)-1 to sqrt(2)-1. */
static double log1p_rest(double f) {
  static const double c[] = {1 / 23.0, 1 / 21.0, 1 / 19.0, 1 / 17.0,
                             1 / 15.0, 1 / 13.0, 1 / 11.0, 1 / 9.0,
                             1 / 7.0,  1 / 5.0,  1 / 3.0};
  double s = f / (2 + f), z = s * s;
  /* log(1+f) = 2 s + 2 s^3 (1/3 + ...) and 2 s = f - s f. */
  double tail = 2 * z * poly(z, c, 11);
  /* f - s (f - tail) = f - f^2/2 + s (f^2/2 + tail). */
  return s * (0.5 * f * f + tail);
}

/* The logarithm as a sum; a is positive and finite. */
static void log_pair(double a, double *high, double *low) {
  i32 n = 0;
  if (a < 0x1p-1022) {
    a *= 0x1p54;
    n = -54;
  }
  u64 word = word_of(a);
  n += (i32)((i64)(word - 0x3fe6a09e667f3bcdull) >> 52);
  word -= (u64)((i64)(word - 0x3fe6a09e667f3bcdull) >> 52) << 52;
  double f = value_of(word) - 1;
  /* The square of f in two parts: the first has half of the places. */
  double fh = value_of(word_of(f) & ~0x7ffffffull), fl = f - fh;
  double sh = 0.5 * fh * fh, sl = 0.5 * fl * (f + fh);
  double top = f - sh;
  double rest = ((f - top) - sh) - sl + log1p_rest(f);
  double nh = n * LN2_HIGH;
  *high = nh + top;
  double e = *high - nh;
  rest += (nh - (*high - e)) + (top - e) + n * LN2_LOW;
  double sum = *high + rest;
  *low = rest - (sum - *high);
  *high = sum;
}

double log(double a) {
  if (a != a || a == INFINITY)
    return a;
  if (!(a > 0))
    return a == 0 ? -INFINITY : NAN;
  double high, low;
  log_pair(a, &high, &low);
  return high + low;
}
double log2(double a) {
  double whole = log(a) * 1.44269504088896340736, near = roundeven(whole);
  /* Powers of two have a whole logarithm. */
  return absolute(whole - near) < 1e-13 && absolute(near) < 1023 &&
                 scale(1, (i32)near) == a
             ? near
             : whole;
}
double log10(double a) { return log(a) * 0.43429448190325182765; }
double log1p(double a) {
  double b = 1 + a;
  if (!(absolute(a) < 0.4))
    return log(b);
  return a - 0.5 * a * a + log1p_rest(a);
}

/*===---------------------------- powers ----------------------------------===*/

double pow(double a, double b) {
  if (b == 0 || a == 1)
    return 1;
  if (a != a || b != b)
    return NAN;
  double size = absolute(a);
  i32 whole = trunc(b) == b;
  i32 odd = whole && absolute(b) < 0x1p53 && trunc(b * 0.5) * 2 != b;
  double sign = odd ? with_sign(1, a) : 1;
  if (size == 0 || size == INFINITY)
    return sign * ((size == 0) == (b > 0) ? 0 : INFINITY);
  if (absolute(b) == INFINITY)
    return size == 1 ? 1 : (size > 1) == (b > 0) ? INFINITY : 0;
  if (a < 0 && !whole)
    return NAN;
  double high, low;
  log_pair(size, &high, &low);
  /* The product in two parts. */
  double product = high * b;
  if (absolute(product) > 800)
    return sign * (product > 0 ? INFINITY : 0);
  double hh = value_of(word_of(high) & ~0x7ffffffull), hl = high - hh;
  double bh = value_of(word_of(b) & ~0x7ffffffull), bl = b - bh;
  double error = ((hh * bh - product) + hh * bl + hl * bh) + hl * bl;
  return sign * exp_pair(product, error + low * b);
}

double cbrt(double a) {
  double size = absolute(a);
  if (!(size > 0) || size == INFINITY)
    return a;
  double r = exp(log(size) / 3);
  r -= (r * r * r - size) / (3 * r * r);
  return with_sign(r, a);
}

/*===------------------------- trigonometry -------------------------------===*/

/* a = j pi/2 + r; j modulo 4 is returned. Exact
 * enough up to about 1e9, a number between -1 and 1 beyond. */
static i32 reduce(double a, double *r) {
  double n = roundeven(a * 0.63661977236758134308);
  *r = ((a - n * 1.57079632673412561417) - n * 6.07710050630396597660e-11) -
       n * 2.02226624879595063154e-21;
  if (!(absolute(*r) < 1))
    *r = 0;
  return (i32)((i64)fmod(n, 4)) & 3;
}
static double sin_small(double r) {
  static const double c[] = {
      -1 / 1307674368000.0, 1 / 6227020800.0, -1 / 39916800.0, 1 / 362880.0,
      -1 / 5040.0,          1 / 120.0,        -1 / 6.0};
  double z = r * r;
  return r + r * z * poly(z, c, 7);
}
static double cos_small(double r) {
  static const double c[] = {
      1 / 20922789888000.0, -1 / 87178291200.0, 1 / 479001600.0, -1 / 3628800.0,
      1 / 40320.0,          -1 / 720.0,         1 / 24.0};
  double z = r * r;
  return 1 - 0.5 * z + z * z * poly(z, c, 7);
}
double sin(double a) {
  double r;
  if (!(absolute(a) < INFINITY))
    return NAN;
  i32 j = reduce(a, &r);
  double s = j & 1 ? cos_small(r) : sin_small(r);
  return j & 2 ? -s : s;
}
double cos(double a) {
  double r;
  if (!(absolute(a) < INFINITY))
    return NAN;
  i32 j = reduce(a, &r) + 1;
  /* One quarter on: cos(x) = sin(x + pi/2). */
  double s = j & 1 ? cos_small(r) : sin_small(r);
  return j & 2 ? -s : s;
}
double tan(double a) { return sin(a) / cos(a); }

/* By halving the angle twice, then the series. */
double atan(double a) {
  double x = absolute(a);
  if (x != x)
    return a;
  i32 inverse = x > 1;
  if (inverse)
    x = 1 / x;
  for (i32 i = 0; i < 2; ++i)
    x = x / (1 + sqrt(1 + x * x));
  double z = x * x, r = 0;
  for (i32 i = 27; i > 0; i -= 2)
    r = 1.0 / i - z * r;
  r = 4 * x * r;
  return with_sign(inverse ? PI_2 - r : r, a);
}
double atan2(double y, double x) {
  if (x != x || y != y)
    return NAN;
  double ax = absolute(x), ay = absolute(y), r;
  if (ax == INFINITY && ay == INFINITY)
    r = 0.5 * PI_2;
  else if (ay > ax)
    r = PI_2 - atan(ax / ay);
  else
    r = ay == 0 ? 0 : atan(ay / ax);
  if (word_of(x) >> 63)
    r = 2 * PI_2 - r;
  return with_sign(r, y);
}
double asin(double a) { return atan2(a, sqrt((1 - a) * (1 + a))); }
double acos(double a) { return atan2(sqrt((1 - a) * (1 + a)), a); }

/*===----------------------- hyperbolic functions -------------------------===*/

double sinh(double a) {
  double x = absolute(a);
  if (x > 709)
    return with_sign(exp(0.5 * x) * (0.5 * exp(0.5 * x)), a);
  double t = expm1(x);
  return with_sign(0.5 * (t + t / (t + 1)), a);
}
double cosh(double a) {
  double t = exp(0.5 * absolute(a));
  return absolute(a) > 40 ? 0.5 * t * t : 0.5 * (t * t + 1 / (t * t));
}
double tanh(double a) {
  double x = absolute(a);
  if (x > 22)
    return with_sign(1, a);
  double t = expm1(2 * x);
  return with_sign(t / (t + 2), a);
}
double asinh(double a) {
  double x = absolute(a);
  if (x > 1e150)
    return with_sign(log(x) + 0.69314718055994530942, a);
  return with_sign(log1p(x + x * x / (1 + sqrt(x * x + 1))), a);
}
double acosh(double a) {
  if (a > 1e150)
    return log(a) + 0.69314718055994530942;
  double t = a - 1;
  return log1p(t + sqrt(2 * t + t * t));
}
double atanh(double a) {
  double x = absolute(a);
  return with_sign(0.5 * log1p(2 * x / (1 - x)), a);
}

/*===------------------------ the error function --------------------------===*/

/* The series 2/sqrt(pi) e^(-x^2) sum (2 x^2)^n x / (1 3 5 ...): all terms
 * positive. */
static double erf_series(double x) {
  double term = x, sum = x;
  for (i32 n = 1; n < 100 && term > sum * 1e-17; ++n) {
    term *= 2 * x * x / (2 * n + 1);
    sum += term;
  }
  return 1.12837916709551257390 * exp(-x * x) * sum;
}
/* The continued fraction, for x from 2 on. */
static double erfc_fraction(double x) {
  double r = 0;
  for (i32 n = 60; n > 0; --n)
    r = 0.5 * n / (x + r);
  return 0.56418958354775628695 * exp(-x * x) / (x + r);
}
double erf(double a) {
  double x = absolute(a);
  if (x != x)
    return a;
  if (x < 0x1p-300)
    return 1.12837916709551257390 * a;
  return with_sign(x < 2 ? erf_series(x) : x < 6 ? 1 - erfc_fraction(x) : 1, a);
}
double erfc(double a) {
  double x = absolute(a);
  if (x != x)
    return a;
  double r = x < 2 ? 1 - erf_series(x) : x < 28 ? erfc_fraction(x) : 0;
  return a < 0 ? 2 - r : r;
}
