/* A pool of POSIX threads for compiled networks.
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The tasks that nobody has taken yet are bits of one atomic word, beside a
 * number that each set of tasks has for itself. A thread looks for the task of
 * its own number first: it has most of what that reads in its cache from the
 * kernel before. What others are late for, it takes as well.
 */

#define _POSIX_C_SOURCE 200809L

#include "edgecc/pthread_pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

/* Looks that a thread takes before it sleeps: some ten microseconds, longer
 * than the kernels last that one thread runs alone. */
enum { busy_looks = 4000, tasks_per_set = 32 };

typedef struct {
  edgecc_pthread_pool_t *pool;
  uint32_t number;
  pthread_t thread;
} worker_t;

struct edgecc_pthread_pool {
  /* The number of the set in the upper half, its open tasks in the lower. */
  _Atomic uint64_t open;
  /* Tasks of the set that are not done. */
  _Atomic uint32_t pending;
  _Atomic uint32_t sleepers;
  _Atomic int ends;
  /* Whether a run has the pool at the moment. */
  atomic_flag is_taken;
  /* The set: written while no task is open, read by who took one. */
  edgecc_task_v0_t task;
  void *closure;
  uint32_t first;

  pthread_mutex_t mutex;
  pthread_cond_t wake;
  uint32_t num_workers;
  worker_t workers[];
};

static void rest(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
  __asm__ volatile("yield");
#endif
}

/* Runs open tasks until there are none, that of `number` first. */
static void work(edgecc_pthread_pool_t *pool, uint32_t number) {
  uint64_t open = atomic_load_explicit(&pool->open, memory_order_acquire);
  while ((uint32_t)open) {
    uint32_t tasks = (uint32_t)open;
    uint32_t index = number;
    uint64_t bit;
    if (index >= tasks_per_set || !(tasks >> index & 1))
      for (index = 0; !(tasks >> index & 1); ++index)
        ;
    bit = (uint64_t)1 << index;
    if (atomic_compare_exchange_weak_explicit(&pool->open, &open, open & ~bit,
                                              memory_order_acq_rel,
                                              memory_order_acquire)) {
      pool->task(pool->closure, pool->first + index);
      atomic_fetch_sub_explicit(&pool->pending, 1, memory_order_release);
      open = atomic_load_explicit(&pool->open, memory_order_acquire);
    }
  }
}

static int has_work(edgecc_pthread_pool_t *pool) {
  return (uint32_t)atomic_load(&pool->open) || atomic_load(&pool->ends);
}

static void *serve(void *argument) {
  worker_t *worker = argument;
  edgecc_pthread_pool_t *pool = worker->pool;
  for (;;) {
    int looks = 0;
    while (!has_work(pool) && looks++ < busy_looks)
      rest();
    if (!has_work(pool)) {
      pthread_mutex_lock(&pool->mutex);
      atomic_fetch_add(&pool->sleepers, 1);
      while (!has_work(pool))
        pthread_cond_wait(&pool->wake, &pool->mutex);
      atomic_fetch_sub(&pool->sleepers, 1);
      pthread_mutex_unlock(&pool->mutex);
    }
    if (atomic_load(&pool->ends))
      return 0;
    work(pool, worker->number);
  }
}

static void wake_sleepers(edgecc_pthread_pool_t *pool) {
  if (!atomic_load(&pool->sleepers))
    return;
  pthread_mutex_lock(&pool->mutex);
  pthread_cond_broadcast(&pool->wake);
  pthread_mutex_unlock(&pool->mutex);
}

static void run_set(edgecc_pthread_pool_t *pool, uint32_t first, uint32_t count,
                    edgecc_task_v0_t task, void *closure) {
  uint64_t set = (atomic_load(&pool->open) >> 32) + 1;
  uint64_t tasks =
      count == tasks_per_set ? UINT32_MAX : ((uint32_t)1 << count) - 1;
  int looks = 0;
  pool->task = task;
  pool->closure = closure;
  pool->first = first;
  atomic_store(&pool->pending, count);
  atomic_store(&pool->open, set << 32 | tasks);
  wake_sleepers(pool);
  work(pool, 0);
  /* The others are at their last tasks; a processor that somebody else uses
   * should be theirs. */
  while (atomic_load_explicit(&pool->pending, memory_order_acquire)) {
    if (looks++ < busy_looks)
      rest();
    else
      sched_yield();
  }
}

static void parallel_for(void *argument, uint32_t count, edgecc_task_v0_t task,
                         void *closure) {
  edgecc_pthread_pool_t *pool = argument;
  uint32_t first;
  if (count < 2 || atomic_flag_test_and_set(&pool->is_taken)) {
    for (first = 0; first < count; ++first)
      task(closure, first);
    return;
  }
  for (first = 0; first < count; first += tasks_per_set) {
    uint32_t rest_count = count - first;
    run_set(pool, first,
            rest_count < tasks_per_set ? rest_count : tasks_per_set, task,
            closure);
  }
  atomic_flag_clear(&pool->is_taken);
}

edgecc_pthread_pool_t *edgecc_pthread_pool_create(uint32_t threads) {
  uint32_t workers = threads > 1 ? threads - 1 : 0;
  edgecc_pthread_pool_t *pool =
      malloc(sizeof *pool + workers * sizeof(worker_t));
  if (!pool)
    return 0;
  atomic_init(&pool->open, 0);
  atomic_init(&pool->pending, 0);
  atomic_init(&pool->sleepers, 0);
  atomic_init(&pool->ends, 0);
  atomic_flag_clear(&pool->is_taken);
  pthread_mutex_init(&pool->mutex, 0);
  pthread_cond_init(&pool->wake, 0);
  for (pool->num_workers = 0; pool->num_workers < workers;
       ++pool->num_workers) {
    worker_t *worker = &pool->workers[pool->num_workers];
    worker->pool = pool;
    worker->number = pool->num_workers + 1;
    if (pthread_create(&worker->thread, 0, serve, worker)) {
      edgecc_pthread_pool_destroy(pool);
      return 0;
    }
  }
  return pool;
}

void edgecc_pthread_pool_destroy(edgecc_pthread_pool_t *pool) {
  uint32_t i;
  if (!pool)
    return;
  pthread_mutex_lock(&pool->mutex);
  atomic_store(&pool->ends, 1);
  pthread_cond_broadcast(&pool->wake);
  pthread_mutex_unlock(&pool->mutex);
  for (i = 0; i < pool->num_workers; ++i)
    pthread_join(pool->workers[i].thread, 0);
  pthread_cond_destroy(&pool->wake);
  pthread_mutex_destroy(&pool->mutex);
  free(pool);
}

edgecc_threads_v0_t edgecc_pthread_pool_threads(edgecc_pthread_pool_t *pool) {
  edgecc_threads_v0_t threads = {parallel_for, pool};
  return threads;
}
