//===- ExecutionCountsTest.cpp - how often code runs ------------*- C++ -*-===//
//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "codegen/cost/ExecutionCounts.h"

#include "llvm/AsmParser/Parser.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/SourceMgr.h"
#include "gtest/gtest.h"

using namespace llvm;
using namespace edgecc;

namespace {

/// The counts of a function in LLVM's assembly, and its blocks by name.
class Counted {
public:
  explicit Counted(StringRef text) {
    SMDiagnostic error;
    module = parseAssemblyString(text, error, context);
    EXPECT_TRUE(module) << error.getMessage().str();
    function = &*module->begin();
    counts = countExecutions(*function);
  }

  double operator[](StringRef block) const {
    for (BasicBlock &candidate : *function)
      if (candidate.getName() == block)
        return counts->blocks.lookup(&candidate);
    return -1;
  }

  LLVMContext context;
  std::unique_ptr<Module> module;
  Function *function = nullptr;
  std::optional<ExecutionCounts> counts;
};

TEST(ExecutionCounts, NestedLoops) {
  Counted counted(R"(
define void @f() {
entry:
  br label %outer
outer:
  %i = phi i64 [ 0, %entry ], [ %i1, %after ]
  br label %inner
inner:
  %j = phi i64 [ 0, %outer ], [ %j1, %inner ]
  %j1 = add nuw nsw i64 %j, 4
  %more = icmp ult i64 %j1, 1000000
  br i1 %more, label %inner, label %after
after:
  %i1 = add nuw nsw i64 %i, 1
  %last = icmp eq i64 %i1, 300000
  br i1 %last, label %exit, label %outer
exit:
  ret void
})");
  ASSERT_TRUE(counted.counts);
  EXPECT_TRUE(counted.counts->guessed.empty());
  EXPECT_EQ(counted["entry"], 1);
  EXPECT_EQ(counted["outer"], 300000);
  EXPECT_EQ(counted["inner"], 300000.0 * 250000);
  EXPECT_EQ(counted["after"], 300000);
  EXPECT_EQ(counted["exit"], 1);
}

/// The length of the inner loop and a branch in it depend on the outer one.
TEST(ExecutionCounts, Triangle) {
  Counted counted(R"(
define void @f() {
entry:
  br label %outer
outer:
  %i = phi i64 [ 1, %entry ], [ %i1, %after ]
  br label %inner
inner:
  %j = phi i64 [ 0, %outer ], [ %j1, %next ]
  %odd = trunc i64 %i to i1
  br i1 %odd, label %work, label %next
work:
  br label %next
next:
  %j1 = add nuw nsw i64 %j, 1
  %done = icmp eq i64 %j1, %i
  br i1 %done, label %after, label %inner
after:
  %i1 = add nuw nsw i64 %i, 1
  %last = icmp eq i64 %i1, 11
  br i1 %last, label %exit, label %outer
exit:
  ret void
})");
  ASSERT_TRUE(counted.counts);
  EXPECT_EQ(counted["inner"], 55);
  EXPECT_EQ(counted["work"], 1 + 3 + 5 + 7 + 9);
  EXPECT_EQ(counted["after"], 10);
}

/// Constants say how long the inner loop runs, as streams of weights do.
TEST(ExecutionCounts, LengthsInConstants) {
  Counted counted(R"(
@ends = internal constant [4 x i32] [i32 3, i32 10, i32 11, i32 31]
define void @f() {
entry:
  br label %outer
outer:
  %i = phi i64 [ 0, %entry ], [ %i1, %after ]
  %i1 = add nuw nsw i64 %i, 1
  %from = getelementptr i32, ptr @ends, i64 %i
  %begin = load i32, ptr %from
  %to = getelementptr i32, ptr @ends, i64 %i1
  %end = load i32, ptr %to
  br label %inner
inner:
  %j = phi i32 [ %begin, %outer ], [ %j1, %inner ]
  %j1 = add nuw nsw i32 %j, 1
  %done = icmp eq i32 %j1, %end
  br i1 %done, label %after, label %inner
after:
  %last = icmp eq i64 %i1, 3
  br i1 %last, label %exit, label %outer
exit:
  ret void
})");
  ASSERT_TRUE(counted.counts);
  EXPECT_FALSE(counted.counts->hasUnknownLoops);
  EXPECT_EQ(counted["inner"], 28);
  EXPECT_EQ(counted["outer"], 3);
}

/// The value with which one loop ends decides how long the next one runs.
TEST(ExecutionCounts, ValuesLeaveLoops) {
  Counted counted(R"(
define void @f() {
entry:
  br label %first
first:
  %i = phi i64 [ 0, %entry ], [ %i1, %first ]
  %i1 = add nuw nsw i64 %i, 7
  %more = icmp ult i64 %i1, 30
  br i1 %more, label %first, label %second
second:
  %j = phi i64 [ %i1, %first ], [ %j1, %second ]
  %j1 = add nuw nsw i64 %j, 1
  %again = icmp ult i64 %j1, 40
  br i1 %again, label %second, label %exit
exit:
  ret void
})");
  ASSERT_TRUE(counted.counts);
  EXPECT_EQ(counted["first"], 5);
  EXPECT_EQ(counted["second"], 5);
}

TEST(ExecutionCounts, BranchesOnDataGoEachWay) {
  Counted counted(R"(
define void @f(ptr %p) {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %i1, %next ]
  %q = getelementptr i32, ptr %p, i64 %i
  %x = load i32, ptr %q
  %big = icmp sgt i32 %x, 3
  br i1 %big, label %work, label %next
work:
  store i32 3, ptr %q
  br label %next
next:
  %i1 = add nuw nsw i64 %i, 1
  %more = icmp ult i64 %i1, 1000
  br i1 %more, label %loop, label %exit
exit:
  ret void
})");
  ASSERT_TRUE(counted.counts);
  EXPECT_EQ(counted.counts->guessed.size(), 1u);
  EXPECT_EQ(counted["loop"], 1000);
  EXPECT_EQ(counted["work"], 500);
}

} // namespace
