//===- SoftFloatTest.cpp - floating point on integers -----------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Functions of codegen/object/rt/soft_float.h against the host's instructions.
//
//===----------------------------------------------------------------------===//

#include "llvm/ADT/bit.h"
#include "gtest/gtest.h"

#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

// Of both formats, with the names of compiler-rt behind "soft".
#define DECLARE(number, format)                                                \
  number soft__add##format##3(number, number);                                 \
  number soft__sub##format##3(number, number);                                 \
  number soft__mul##format##3(number, number);                                 \
  number soft__div##format##3(number, number);                                 \
  int soft__eq##format##2(number, number);                                     \
  int soft__lt##format##2(number, number);                                     \
  int soft__ge##format##2(number, number);                                     \
  int soft__unord##format##2(number, number);                                  \
  number soft__float##si##format(int);                                         \
  number soft__floatdi##format(long long);                                     \
  number soft__floatundi##format(unsigned long long);                          \
  int soft__fix##format##si(number);                                           \
  long long soft__fix##format##di(number);
extern "C" {
DECLARE(float, sf)
DECLARE(double, df)
float soft_sqrtf(float);
double soft_sqrt(double);
int soft_le_sf(float, float);
int soft_le_df(double, double);
}

namespace {

/// The functions of one format.
template <typename T, typename Word, int mantissa>
struct Format {
  using Number = T;
  using Bits = Word;
  static constexpr int width = 8 * sizeof(T), fraction = mantissa;
  static constexpr Word exponents = (Word(1) << (width - 1 - mantissa)) - 1;
};

struct F32 : Format<float, uint32_t, 23> {
  static constexpr auto add = soft__addsf3, sub = soft__subsf3,
                        mul = soft__mulsf3, div = soft__divsf3;
  static constexpr auto eq = soft__eqsf2, lt = soft__ltsf2, ge = soft__gesf2,
                        unord = soft__unordsf2;
  static constexpr auto fromLong = soft__floatdisf;
  static constexpr auto fromUnsigned = soft__floatundisf;
  static constexpr auto fromInt = soft__floatsisf;
  static constexpr auto toInt = soft__fixsfsi;
  static constexpr auto toLong = soft__fixsfdi;
  static constexpr auto root = soft_sqrtf;
  static constexpr auto isAtMost = soft_le_sf;
};

struct F64 : Format<double, uint64_t, 52> {
  static constexpr auto add = soft__adddf3, sub = soft__subdf3,
                        mul = soft__muldf3, div = soft__divdf3;
  static constexpr auto eq = soft__eqdf2, lt = soft__ltdf2, ge = soft__gedf2,
                        unord = soft__unorddf2;
  static constexpr auto fromLong = soft__floatdidf;
  static constexpr auto fromUnsigned = soft__floatundidf;
  static constexpr auto fromInt = soft__floatsidf;
  static constexpr auto toInt = soft__fixdfsi;
  static constexpr auto toLong = soft__fixdfdi;
  static constexpr auto root = soft_sqrt;
  static constexpr auto isAtMost = soft_le_df;
};

template <typename F>
class SoftFloatTest : public testing::Test {
protected:
  using Number = typename F::Number;
  using Bits = typename F::Bits;

  static Number of(Bits bits) { return llvm::bit_cast<Number>(bits); }

  /// Ends of ranges, subnormal numbers, and numbers near to each other.
  Bits next() {
    Bits all = static_cast<Bits>(random()), sign = Bits(1) << (F::width - 1);
    Bits exponent;
    switch (random() % 5) {
    case 0:
      return all;
    case 1: // subnormal ones and the least normal ones
      return all & (sign | ((Bits(2) << F::fraction) - 1));
    case 2: // near to one
      exponent = F::exponents / 2 - 16 + random() % 32;
      break;
    case 3: // few digits, so that there are ties
      exponent = F::exponents / 2 - 4 + random() % (F::fraction + 8);
      all &= sign | 7 << (random() % F::fraction);
      break;
    default: { // powers of two, zeros, infinities and their neighbours
      Bits bits = static_cast<Bits>(random() % (F::exponents + 1))
                      << F::fraction |
                  (all & sign);
      return bits + static_cast<Bits>(random() % 5) - 2;
    }
    }
    return (all & (sign | ((Bits(1) << F::fraction) - 1))) | exponent
                                                                 << F::fraction;
  }

  /// Not-a-numbers are all alike.
  static void expectSame(Number got, Number want, const char *what, Number a,
                         Number b = 0) {
    if (std::isnan(want)
            ? !std::isnan(got)
            : llvm::bit_cast<Bits>(got) != llvm::bit_cast<Bits>(want))
      ADD_FAILURE() << what << " of " << std::hexfloat << a << " and " << b
                    << ": " << got << ", expected " << want;
  }

  std::mt19937_64 random{1};
};

using Formats = testing::Types<F32, F64>;
TYPED_TEST_SUITE(SoftFloatTest, Formats);

constexpr int runs = 200000;

TYPED_TEST(SoftFloatTest, Arithmetic) {
  using Number = typename TypeParam::Number;
  for (int i = 0; i < runs && !this->HasFailure(); ++i) {
    auto bits = this->next();
    // Every tenth pair differs little, or in its sign only.
    auto other = i % 10 ? this->next() : bits ^ (i / 10 % 4);
    if (i % 20 == 0)
      other ^= decltype(bits)(1) << (TypeParam::width - 1);
    Number a = this->of(bits), b = this->of(other);
    this->expectSame(TypeParam::add(a, b), a + b, "sum", a, b);
    this->expectSame(TypeParam::sub(a, b), a - b, "difference", a, b);
    this->expectSame(TypeParam::mul(a, b), a * b, "product", a, b);
    this->expectSame(TypeParam::div(a, b), a / b, "quotient", a, b);
    this->expectSame(TypeParam::root(a), std::sqrt(a), "root", a);
    EXPECT_EQ(TypeParam::eq(a, b) == 0, a == b) << a << " " << b;
    EXPECT_EQ(TypeParam::lt(a, b) < 0, a < b) << a << " " << b;
    EXPECT_EQ(TypeParam::ge(a, b) >= 0, a >= b) << a << " " << b;
    EXPECT_EQ(TypeParam::isAtMost(a, b) != 0, a <= b) << a << " " << b;
    EXPECT_EQ(TypeParam::unord(a, b) != 0, a != a || b != b) << a << " " << b;
  }
}

TYPED_TEST(SoftFloatTest, Conversions) {
  using Number = typename TypeParam::Number;
  for (int i = 0; i < runs && !this->HasFailure(); ++i) {
    uint64_t word = this->random() >> this->random() % 64;
    word = i % 3 == 0 ? -word : i % 100 == 1 ? 0 : word;
    auto asInt = static_cast<int>(word);
    auto asLong = static_cast<long long>(word);
    this->expectSame(TypeParam::fromInt(asInt), static_cast<Number>(asInt),
                     "int", asInt);
    this->expectSame(TypeParam::fromLong(asLong), static_cast<Number>(asLong),
                     "long", asLong);
    this->expectSame(TypeParam::fromUnsigned(word), static_cast<Number>(word),
                     "unsigned", word);
    // Only what has room is defined.
    Number number = this->of(this->next());
    if (std::abs(number) < Number(0x1p31))
      EXPECT_EQ(TypeParam::toInt(number), static_cast<int>(number)) << number;
    if (std::abs(number) < Number(0x1p63))
      EXPECT_EQ(TypeParam::toLong(number), static_cast<long long>(number))
          << number;
  }
}

} // namespace
