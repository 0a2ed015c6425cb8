//===- FormPathTest.cpp - choices of forms for layers -----------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "passes/Quantization/FormPath.h"

#include "gmock/gmock.h"

using namespace edgecc::quantization;
using testing::ElementsAre;

namespace {

using Prices = llvm::SmallVector<std::optional<FormPrice>>;

TEST(FormPathTest, takesWhatLosesLeastForWhatItSaves) {
  // By loss and cost: the second layer saves 6 for 1, then the first 5 for 1.
  Prices first = {FormPrice{0, 10}, FormPrice{1, 5}};
  Prices second = {FormPrice{0, 10}, FormPrice{1, 4}};
  FormPath path({first, second});
  ASSERT_EQ(path.size(), 3u);
  EXPECT_THAT(path.at(0), ElementsAre(0u, 0u));
  EXPECT_THAT(path.at(1), ElementsAre(0u, 1u));
  EXPECT_THAT(path.at(2), ElementsAre(1u, 1u));
}

TEST(FormPathTest, goesAlongTheHull) {
  // The form in the middle is above the line between its neighbours.
  Prices layer = {FormPrice{0, 10}, FormPrice{3, 8}, FormPrice{4, 2}};
  FormPath path({layer});
  ASSERT_EQ(path.size(), 2u);
  EXPECT_THAT(path.at(1), ElementsAre(2u));
}

TEST(FormPathTest, passesOverFormsThatAreNotThereOrCostMore) {
  Prices layer = {FormPrice{0, 5}, std::nullopt, FormPrice{2, 7}};
  FormPath path({layer});
  EXPECT_EQ(path.size(), 1u);
  EXPECT_THAT(path.at(0), ElementsAre(0u));
}

TEST(FormPathTest, losesNothingForNothing) {
  // Of two forms without loss the cheaper one comes first.
  Prices layer = {FormPrice{0, 9}, FormPrice{0, 3}};
  FormPath path({layer});
  EXPECT_EQ(path.size(), 1u);
  EXPECT_THAT(path.at(0), ElementsAre(1u));
}

} // namespace
