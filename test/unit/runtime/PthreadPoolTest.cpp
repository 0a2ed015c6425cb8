//===- PthreadPoolTest.cpp - sets of tasks on a pool ------------*- C++ -*-===//
// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "runtime/include/edgecc/pthread_pool.h"

#include "gmock/gmock.h"
#include <memory>
#include <thread>
#include <vector>

using testing::Each;

namespace {

using Pool = std::unique_ptr<edgecc_pthread_pool_t,
                             decltype(&edgecc_pthread_pool_destroy)>;

Pool create(uint32_t threads) {
  return Pool(edgecc_pthread_pool_create(threads), edgecc_pthread_pool_destroy);
}

void count(void *closure, uint32_t index) {
  ++static_cast<int *>(closure)[index];
}

/// How often each task ran, in as many sets.
std::vector<int> run(edgecc_threads_v0_t threads, uint32_t tasks, int sets) {
  std::vector<int> counts(tasks);
  for (int i = 0; i < sets; ++i)
    threads.parallel_for(threads.pool, tasks, count, counts.data());
  return counts;
}

/// Fewer, as many and more tasks than threads, and than one set holds.
TEST(PthreadPoolTest, RunsEachTaskOnce) {
  for (uint32_t size : {1, 2, 3, 5}) {
    Pool pool = create(size);
    ASSERT_TRUE(pool);
    edgecc_threads_v0_t threads = edgecc_pthread_pool_threads(pool.get());
    for (uint32_t tasks : {0, 1, 2, 3, 4, 31, 32, 33, 70})
      EXPECT_THAT(run(threads, tasks, 200), Each(200))
          << size << " threads, " << tasks << " tasks";
  }
}

TEST(PthreadPoolTest, IsSharedByRuns) {
  Pool pool = create(3);
  ASSERT_TRUE(pool);
  edgecc_threads_v0_t threads = edgecc_pthread_pool_threads(pool.get());
  std::vector<int> other;
  std::thread user([&] { other = run(threads, 5, 2000); });
  EXPECT_THAT(run(threads, 3, 2000), Each(2000));
  user.join();
  EXPECT_THAT(other, Each(2000));
}

} // namespace
