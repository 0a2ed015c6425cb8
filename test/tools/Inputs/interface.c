/* Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "net.h"

#include <stdio.h>

#if defined(WIDE)
typedef int16_t Integer;
#elif defined(SIGNED)
typedef int8_t Integer;
#else
typedef uint8_t Integer;
#endif

NET_ALIGNED static unsigned char arena[NET_ARENA_BYTES];

/* Reads any number of f32 inputs from standard input, and writes for each its
 * integers, those of the outputs, and these as f32. */
int main(void) {
  static float real[NET_INPUT_IMAGE_SIZE];
  static Integer in[NET_INPUT_IMAGE_SIZE], out[NET_OUTPUT_LOGITS_SIZE];
  static float logits[NET_OUTPUT_LOGITS_SIZE];
  while (fread(real, sizeof real, 1, stdin) == 1) {
    size_t i;
    net_quantize_image_array(real, in, NET_INPUT_IMAGE_SIZE);
    if (in[0] != net_quantize_image(real[0]) ||
        net_run(in, out, arena, sizeof arena) != NET_OK)
      return 1;
    net_dequantize_logits_array(out, logits, NET_OUTPUT_LOGITS_SIZE);
    for (i = 0; i < NET_INPUT_IMAGE_SIZE; ++i)
      printf("%d ", (int)in[i]);
    for (i = 0; i < NET_OUTPUT_LOGITS_SIZE; ++i)
      printf("%d ", (int)out[i]);
    for (i = 0; i < NET_OUTPUT_LOGITS_SIZE; ++i)
      printf("%.9g ", (double)logits[i]);
    printf("\n");
  }
  return 0;
}
