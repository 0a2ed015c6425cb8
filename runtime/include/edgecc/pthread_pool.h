/* Threads for networks that were compiled with -fthreads=N, on systems with
 * POSIX threads. The code is runtime/pthread_pool.c; no object needs it.
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */

#ifndef EDGECC_PTHREAD_POOL_H
#define EDGECC_PTHREAD_POOL_H

#include "edgecc/threads.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct edgecc_pthread_pool edgecc_pthread_pool_t;

/* A pool of `threads` threads, of which whoever runs a network is one. They
 * wait for work busily for a moment and then sleep. Null if there is no memory
 * or the system refuses. Nothing is allocated later. */
edgecc_pthread_pool_t *edgecc_pthread_pool_create(uint32_t threads);

/* Ends the threads. No run may use them any more. */
void edgecc_pthread_pool_destroy(edgecc_pthread_pool_t *pool);

/* What a run takes. Runs at the same time may share a pool: whoever finds it
 * busy works alone. */
edgecc_threads_v0_t edgecc_pthread_pool_threads(edgecc_pthread_pool_t *pool);

#ifdef __cplusplus
}
#endif

#endif /* EDGECC_PTHREAD_POOL_H */
