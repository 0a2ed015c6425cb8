/* What the library int8.h takes for granted of its tensors, and no reader of
 * programs can know. A part of the example driver.
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */

#ifndef EXAMPLE_NPU_SOUND_H
#define EXAMPLE_NPU_SOUND_H

#include "edgecc/npu_program.h"
#include "int8.h"

/* (1, height, width, channels), or a matrix as so many pixels. */
int8_tensor_t example_npu_view(const edgecc_npu_tensor_t *t);

/* Whether shapes and types of an operation go together. */
int example_npu_is_sound(const edgecc_npu_operation_t *o);

#endif /* EXAMPLE_NPU_SOUND_H */
