/* A pool of POSIX threads for compiled networks.
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Sets of tasks have numbers, and so that threads meet in as few lines of their
 * caches as can be, each task has a line that says in which sets it was taken
 * and done. A thread takes the tasks of its own number: it has most of what
 * they read in its cache from the kernel before. What others are late for, it
 * takes as well.
 */

#define _POSIX_C_SOURCE 200809L

#include "edgecc/pthread_pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
  /* Looks that a thread takes before it sleeps: some ten microseconds, longer
   * than the kernels last that one thread runs alone. */
  busy_looks = 4000,
  /* Looks before it takes what others have not begun. */
  patient_looks = 50,
  tasks_per_set = 32,
  line_bytes = 64
};

typedef struct {
  edgecc_pthread_pool_t *pool;
  uint32_t number;
  pthread_t thread;
} worker_t;

/* The numbers of the last sets in which a task was taken and was done. */
typedef struct {
  _Alignas(line_bytes) _Atomic uint64_t taken;
  _Atomic uint64_t done;
} progress_t;

struct edgecc_pthread_pool {
  /* What threads look at: the set, its number and how many tasks it has (pack).
   * Who has taken one of them may read what they are. */
  _Alignas(line_bytes) _Atomic uint64_t set;
  edgecc_task_v0_t task;
  void *closure;
  uint32_t first;
  uint32_t num_workers;
  _Atomic int ends;

  progress_t progress[tasks_per_set];

  /* Whether a run has the pool at the moment. */
  _Alignas(line_bytes) atomic_flag is_taken;
  _Atomic uint32_t sleepers;
  pthread_mutex_t mutex;
  pthread_cond_t wake;
  worker_t workers[];
};

static uint64_t pack(uint64_t number, uint32_t count) {
  return number * (tasks_per_set * 2) + count;
}
static uint64_t number_of(uint64_t set) { return set / (tasks_per_set * 2); }
static uint32_t count_of(uint64_t set) {
  return (uint32_t)(set % (tasks_per_set * 2));
}

static void rest(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
  __asm__ volatile("yield");
#endif
}

/* Runs every `step`-th task of a set, unless others have taken it. A thread
 * that looked at the set long ago finds that all were. */
static void run_tasks(edgecc_pthread_pool_t *pool, uint64_t set, uint32_t index,
                      uint32_t step) {
  uint64_t number = number_of(set);
  for (; index < count_of(set); index += step) {
    progress_t *progress = &pool->progress[index];
    uint64_t taken =
        atomic_load_explicit(&progress->taken, memory_order_relaxed);
    if (taken >= number || !atomic_compare_exchange_strong_explicit(
                               &progress->taken, &taken, number,
                               memory_order_acq_rel, memory_order_relaxed))
      continue;
    pool->task(pool->closure, pool->first + index);
    atomic_store_explicit(&progress->done, number, memory_order_release);
  }
}

static void *serve(void *argument) {
  worker_t *worker = argument;
  edgecc_pthread_pool_t *pool = worker->pool;
  uint64_t set = 0;
  for (;;) {
    uint64_t before = set;
    int looks = 0;
    while ((set = atomic_load_explicit(&pool->set, memory_order_acquire)) ==
               before &&
           !atomic_load(&pool->ends) && looks < busy_looks) {
      if (++looks == patient_looks)
        run_tasks(pool, set, 0, 1);
      rest();
    }
    if (set == before) {
      pthread_mutex_lock(&pool->mutex);
      atomic_fetch_add(&pool->sleepers, 1);
      while ((set = atomic_load(&pool->set)) == before &&
             !atomic_load(&pool->ends))
        pthread_cond_wait(&pool->wake, &pool->mutex);
      atomic_fetch_sub(&pool->sleepers, 1);
      pthread_mutex_unlock(&pool->mutex);
    }
    if (atomic_load(&pool->ends))
      return 0;
    run_tasks(pool, set, worker->number, pool->num_workers + 1);
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
  uint64_t number = number_of(atomic_load(&pool->set)) + 1;
  uint64_t set = pack(number, count);
  uint32_t index;
  int looks = 0;
  pool->task = task;
  pool->closure = closure;
  pool->first = first;
  atomic_store(&pool->set, set);
  wake_sleepers(pool);
  run_tasks(pool, set, 0, pool->num_workers + 1);
  run_tasks(pool, set, 0, 1);
  /* The others are at their last tasks; a processor that somebody else uses
   * should be theirs. */
  for (index = 0; index < count; ++index)
    while (atomic_load_explicit(&pool->progress[index].done,
                                memory_order_acquire) != number) {
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
  size_t bytes = sizeof(edgecc_pthread_pool_t) + workers * sizeof(worker_t);
  edgecc_pthread_pool_t *pool = aligned_alloc(
      line_bytes, (bytes + line_bytes - 1) / line_bytes * line_bytes);
  uint32_t index;
  if (!pool)
    return 0;
  atomic_init(&pool->set, 0);
  for (index = 0; index < tasks_per_set; ++index) {
    atomic_init(&pool->progress[index].taken, 0);
    atomic_init(&pool->progress[index].done, 0);
  }
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
