#ifndef EDGECC_MODEL_H
#define EDGECC_MODEL_H

/* What the headers of all networks compiled by edgecc share.
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The compiler puts this text into every header that it writes; a program may
 * include several of them, or this file itself for code that works with any
 * network. The layout of version 0 does not change; later versions add structs.
 */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a run returns. Unless it is EDGECC_OK, nothing was written; only a run
 * whose NPU has failed, or that has computed a size which is out of range, may
 * have written some of the outputs. */
#define EDGECC_OK 0                /* the outputs are written */
#define EDGECC_NULL_POINTER 1      /* a pointer is null */
#define EDGECC_MISALIGNED_ARENA 2  /* see the model's arena_align */
#define EDGECC_SMALL_ARENA 3       /* see the model's arena_bytes */
#define EDGECC_NO_SUCH_LAYER 4     /* only networks that run layer by layer */
#define EDGECC_NPU_FAILED 5        /* the driver of the NPU has failed */
#define EDGECC_NO_TILES 6          /* the system refuses the registers of AMX */
#define EDGECC_OTHER_VECTORS 7     /* vectors of SVE have another length */
#define EDGECC_SIZE_OUT_OF_RANGE 8 /* a size is not within its bounds */

/* Element types, numbered as in ONNX. */
#define EDGECC_TYPE_F32 1
#define EDGECC_TYPE_U8 2
#define EDGECC_TYPE_I8 3
#define EDGECC_TYPE_U16 4
#define EDGECC_TYPE_I16 5
#define EDGECC_TYPE_I32 6
#define EDGECC_TYPE_I64 7
#define EDGECC_TYPE_BOOL 9 /* one byte, 0 or 1 */
#define EDGECC_TYPE_F16 10
#define EDGECC_TYPE_F64 11
#define EDGECC_TYPE_U32 12
#define EDGECC_TYPE_U64 13
#define EDGECC_TYPE_BF16 16
/* One byte for each of these: the bits of floats, the value of integers. */
#define EDGECC_TYPE_F8E4M3FN 17
#define EDGECC_TYPE_F8E4M3FNUZ 18
#define EDGECC_TYPE_F8E5M2 19
#define EDGECC_TYPE_F8E5M2FNUZ 20
#define EDGECC_TYPE_U4 21
#define EDGECC_TYPE_I4 22
#define EDGECC_TYPE_F4E2M1FN 23
#define EDGECC_TYPE_F8E8M0FNU 24
#define EDGECC_TYPE_U2 25
#define EDGECC_TYPE_I2 26
#define EDGECC_TYPE_F6E2M3FN 27
#define EDGECC_TYPE_F6E3M2FN 28

/* An input or output: dense, the last dimension varies fastest. */
typedef struct edgecc_tensor_v0 {
  const char *name;      /* as the graph names it, UTF-8 */
  const uint32_t *shape; /* rank sizes */
  size_t bytes;
  uint32_t type; /* EDGECC_TYPE_... */
  uint32_t rank;
} edgecc_tensor_v0_t;

/* A network, for code that works with any. */
typedef struct edgecc_model_v0 {
  uint32_t version; /* 0 */
  uint32_t num_inputs;
  uint32_t num_outputs;
  uint32_t arena_align; /* bytes, a power of two */
  size_t arena_bytes;   /* working memory that a run needs */
  const char *name;
  const edgecc_tensor_v0_t *inputs;
  const edgecc_tensor_v0_t *outputs;
  /* One pointer per input and output, in order; `given` bytes at `arena`.
   * Reentrant: runs at the same time need different arenas and outputs. */
  int32_t (*run)(const void *const *inputs, void *const *outputs, void *arena,
                 size_t given);
} edgecc_model_v0_t;

#ifdef __cplusplus
}
#endif

#endif /* EDGECC_MODEL_H */
