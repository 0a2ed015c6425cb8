/* The simulator of edge-sim, which is its driver: see docs/howto/edge-sim.md.
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */

#ifndef EDGE_SIM_H
#define EDGE_SIM_H

#include "edgecc/npu.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What all calls so far have taken. */
typedef struct edge_sim_counts {
  uint64_t cycles;
  /* Cycles in which a unit was busy. Convolutions keep the array busy, and what
   * else computes the vector unit. */
  uint64_t array_cycles, vector_cycles, load_cycles, store_cycles;
  /* Multiply-accumulates of convolutions, without what fills blocks up. */
  uint64_t macs;
  /* What the compiler has expected of `cycles`. */
  uint64_t predicted_cycles;
  /* Of calls that the CPU has not waited for at once, as edge_sim_clock counts:
   * what it has done meanwhile, and for how long it has waited then. */
  uint64_t cpu_cycles, waited_cycles;
  uint32_t calls;
} edge_sim_counts_t;

extern edge_sim_counts_t edge_sim_counts;

/* A call that is to fail, for tests: the one of that number, counted from 1,
 * after its first store. 0 for none. */
extern uint32_t edge_sim_fails_at;

/* Counts the cycles of the CPU, in the clock of the accelerator. A null pointer
 * at the begin: nothing is counted. */
extern uint64_t (*edge_sim_clock)(void);

enum { EDGE_SIM_OK, EDGE_SIM_BAD_PROGRAM, EDGE_SIM_FAILED };

/* Whether a call is one that can run: EDGE_SIM_OK, or EDGE_SIM_BAD_PROGRAM. */
int32_t edge_sim_check(const edgecc_npu_call_v0_t *call);

/* The driver: checks the call, and runs it. */
int32_t edge_sim_run(const edgecc_npu_call_v0_t *call);

/* The same in two parts: the first one checks the call, and the second one runs
 * it. The accelerator counts as busy from the first one on. */
int32_t edge_sim_start(edgecc_npu_job_v0_t *job);
int32_t edge_sim_wait(edgecc_npu_job_v0_t *job);

#ifdef __cplusplus
}
#endif

#endif /* EDGE_SIM_H */
