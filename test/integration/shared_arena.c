/*===- shared_arena.c - two networks in one arena -----------------*- C -*-===//
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Links with networks called "first" and "second", which run in turn:
 *   program INPUT INPUT
 * with the bytes of the one input of each. Prints what the first, the second
 * and again the first return, one after the other.
 *===----------------------------------------------------------------------===*/

#include "first.h"
#include "second.h"

#include <stdio.h>
#include <stdlib.h>

#define LARGER(a, b) ((a) > (b) ? (a) : (b))
#define ARENA_BYTES LARGER(FIRST_ARENA_BYTES, SECOND_ARENA_BYTES)

static _Alignas(LARGER(FIRST_ARENA_ALIGN,
                       SECOND_ARENA_ALIGN)) unsigned char arena[ARENA_BYTES];

static int run(const edgecc_model_v0_t *model, const char *path) {
  size_t bytes = model->inputs[0].bytes, size = model->outputs[0].bytes;
  void *input = malloc(bytes), *output = malloc(size);
  FILE *file = fopen(path, "rb");
  const void *in = input;
  int good = input && output && file && fread(input, 1, bytes, file) == bytes &&
             model->run(&in, &output, arena, sizeof arena) == EDGECC_OK &&
             fwrite(output, 1, size, stdout) == size;

  if (file)
    fclose(file);
  free(input);
  free(output);
  return good;
}

int main(int argc, char **argv) {
  return argc != 3 || !run(&first_model, argv[1]) ||
         !run(&second_model, argv[2]) || !run(&first_model, argv[1]);
}
