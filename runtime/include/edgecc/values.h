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

#include <stdint.h>

/* A value of the graph where a layer has written it. Its dimensions are in the
 * order of memory: those of images end with the channels, and some of size 1
 * may be missing. */
typedef struct edgecc_value_v0 {
  edgecc_tensor_v0_t tensor; /* its name, type and shape; bytes without gaps */
  const uint32_t *strides;   /* elements from one to the next, per dimension */
} edgecc_value_v0_t;

#endif /* EDGECC_VALUES_H */
