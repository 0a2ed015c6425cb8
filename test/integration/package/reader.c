/* Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Reads an image of 64 numbers from its arguments and prints the logits. */
#include "digits.h"

#include <stdio.h>
#include <stdlib.h>

static DIGITS_ALIGNED unsigned char arena[DIGITS_ARENA_BYTES];

int main(int argc, char **argv) {
  float image[64], logits[10];
  if (argc != 65)
    return 2;
  for (int i = 0; i < 64; ++i)
    image[i] = strtof(argv[i + 1], NULL);
  if (digits_run(image, logits, arena, sizeof arena) != DIGITS_OK)
    return 1;
  for (int i = 0; i < 10; ++i)
    printf("%.9g\n", logits[i]);
  return 0;
}
