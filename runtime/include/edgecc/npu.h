#ifndef EDGECC_NPU_H
#define EDGECC_NPU_H

/* How a network that was compiled with --npu calls the driver of the NPU.
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The compiler puts this text into the headers of such networks. The driver is
 * a C function of yours, which the header declares: it computes the outputs and
 * returns 0, or anything else if it cannot. If the network was compiled with
 * --npu-fallback=cpu, the CPU then computes all of the outputs; otherwise the
 * run ends with EDGECC_NPU_FAILED.
 *
 * A driver whose device works on its own may have two more functions, which the
 * object calls instead where the CPU has something to do meanwhile: one starts
 * a job, the other one waits for its end. There is one job at a time, and what
 * has started is waited for before anything else of the NPU is called. If a
 * start fails, the wait is left out; if either fails, so has the call. Both may
 * be called from different threads, if the network runs layer by layer.
 */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One part of a network that the NPU computes. Valid during the call only. */
typedef struct edgecc_npu_call_v0 {
  uint32_t version; /* 0 */
  uint32_t num_inputs;
  uint32_t num_outputs;
  uint32_t reserved; /* 0 */
  /* What to compute, as the plug-in of the NPU writes it; with --npu=desc a
   * FlatBuffer of runtime/schema/npu_program.fbs. The last four bytes are the
   * CRC-32 of those before, little-endian. At a multiple of 16 bytes, the same
   * at each call. */
  const uint8_t *program;
  size_t program_bytes;
  /* Dense tensors. The inputs must not change. */
  const void *const *inputs;
  void *const *outputs;
  const size_t *input_bytes;
  const size_t *output_bytes;
  /* Memory to work in. */
  void *scratch;
  size_t scratch_bytes;
  /* More of it, for what had better be fast. */
  void *fast_scratch;
  size_t fast_scratch_bytes;
} edgecc_npu_call_v0_t;

/* A call that starts and ends. Valid, at one address, from the start to the end
 * of the wait, and so are all of its tensors: nobody else writes them. */
typedef struct edgecc_npu_job_v0 {
  edgecc_npu_call_v0_t call;
  /* The driver's own. */
  uint64_t state[8];
} edgecc_npu_job_v0_t;

#ifdef __cplusplus
}
#endif

#endif /* EDGECC_NPU_H */
