/* Runs a network with and without threads and compares the bits.
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */

#include "edgecc/pthread_pool.h"
#include "net.h"
#include "net3.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { inputs = NET_INPUT_IMAGE_SIZE, outputs = NET_OUTPUT_LOGITS_SIZE };

static float input[inputs], expected[outputs];
static edgecc_threads_v0_t threads;

static void backwards(void *pool, uint32_t count, edgecc_task_v0_t task,
                      void *closure) {
  ++*(unsigned *)pool;
  while (count-- > 0)
    task(closure, count);
}

static int differs(const edgecc_threads_v0_t *given) {
  NET3_ALIGNED unsigned char arena[NET3_ARENA_BYTES];
  float output[outputs] = {0};
  return net3_run(input, output, arena, sizeof arena, given) != NET3_OK ||
         memcmp(output, expected, sizeof output) != 0;
}

static void *run_often(void *result) {
  int i;
  for (i = 0; i < 200; ++i)
    *(int *)result |= differs(&threads);
  return 0;
}

int main(void) {
  static NET_ALIGNED unsigned char arena[NET_ARENA_BYTES];
  edgecc_pthread_pool_t *pool = edgecc_pthread_pool_create(3);
  edgecc_threads_v0_t turned = {backwards, 0}, none = {0, 0};
  unsigned launches = 0;
  int failures[2] = {0, 0}, i, same = 0;
  pthread_t other;

  for (i = 0; i < inputs; ++i)
    input[i] = (float)(i % 17) / 16;
  if (!pool || net_run(input, expected, arena, sizeof arena) != NET_OK)
    return 1;
  threads = edgecc_pthread_pool_threads(pool);
  turned.pool = &launches;
  same += !differs(0);
  same += !differs(&none);
  same += !differs(&turned) && launches > 0;
  if (pthread_create(&other, 0, run_often, &failures[0]))
    return 1;
  run_often(&failures[1]);
  pthread_join(other, 0);
  same += !failures[0] && !failures[1];
  edgecc_pthread_pool_destroy(pool);
  printf("the same %d times\n", same);
  return 0;
}
