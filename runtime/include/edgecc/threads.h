#ifndef EDGECC_THREADS_H
#define EDGECC_THREADS_H

/* How a network that was compiled with -fthreads=N gets at threads.
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The compiler puts this text into the headers of such networks. An object
 * never makes threads: it hands tasks to a hook of its caller. pthread_pool.h
 * has one for systems with POSIX threads; the tasks of an operating system for
 * microcontrollers, or a second core, do as well.
 */

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef void (*edgecc_task_v0_t)(void *closure, uint32_t index);

/* The threads of a run. */
typedef struct edgecc_threads_v0 {
  /* Calls task(closure, index) once for each index below `count`, in any order,
   * on any threads, and returns when all calls have. What they wrote is then
   * seen by the caller. Results do not depend on who runs what. Null: the
   * thread that runs the network calls them itself. */
  void (*parallel_for)(void *pool, uint32_t count, edgecc_task_v0_t task,
                       void *closure);
  void *pool; /* the hook's own */
} edgecc_threads_v0_t;

#ifdef __cplusplus
}
#endif

#endif /* EDGECC_THREADS_H */
