#ifndef EDGECC_VALUES_H
#define EDGECC_VALUES_H

/* What a network that was compiled with -fdump-layers shows of its values.
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The compiler puts this text into the headers of such networks, behind that of
 * model.h.
 */

#include <stddef.h>
#include <stdint.h>

/* A value of the graph where a layer has written it. Its dimensions are in the
 * order of memory: those of images end with the channels, and some of size 1
 * may be missing. */
typedef struct edgecc_value_v0 {
  edgecc_tensor_v0_t tensor; /* its name, type and shape; bytes without gaps */
  const uint32_t *strides;   /* elements from one to the next, per dimension */
} edgecc_value_v0_t;

/* Hands the elements of a value at `data` to `take`, in order, in pieces that
 * are as large as they can be. */
static inline void
edgecc_value_v0_read(const edgecc_value_v0_t *value, const void *data,
                     void (*take)(const void *piece, size_t bytes)) {
  const uint32_t *shape = value->tensor.shape, *strides = value->strides;
  size_t count = 1, piece = 1, i;
  uint32_t outer = value->tensor.rank, d;
  for (d = 0; d < outer; ++d)
    count *= shape[d];
  while (outer > 0 && (strides[outer - 1] == piece || shape[outer - 1] == 1))
    piece *= shape[--outer];
  for (i = 0; i < count; i += piece) {
    size_t rest = i / piece, offset = 0;
    for (d = outer; d-- > 0; rest /= shape[d])
      offset += rest % shape[d] * strides[d];
    take((const char *)data + offset * (value->tensor.bytes / count),
         piece * (value->tensor.bytes / count));
  }
}

#endif /* EDGECC_VALUES_H */
