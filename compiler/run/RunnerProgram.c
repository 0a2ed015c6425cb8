/*===- RunnerProgram.c - runs one network ------------------------*- C -*-===//
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * edgecc-run links this with a network called "network" for another machine:
 *   program INPUTS OUTPUTS REPS VALUES
 * INPUTS holds the bytes of all inputs one after the other, and so will
 * OUTPUTS, and VALUES those of the values that the network shows. With REPS
 * above 0 the program warms up and prints the microseconds of as many runs.
 *===----------------------------------------------------------------------===*/

#define _POSIX_C_SOURCE 199309L

#include "count.h"
#include "network.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define WARM_UP_US 100000.0

static double now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

static void fail(const char *what) {
  fprintf(stderr, "%s\n", what);
  exit(1);
}

/* Memory at a multiple of align. */
static void *allocate(size_t bytes, size_t align) {
  char *memory = malloc(bytes + align);
  if (!memory)
    fail("out of memory");
  return memory + (align - (size_t)(uintptr_t)memory % align) % align;
}

#ifdef NETWORK_VALUES
static FILE *values;

static void write_piece(const void *piece, size_t bytes) {
  if (fwrite(piece, 1, bytes, values) != bytes)
    fail("cannot write the values");
}

void network_on_value(uint32_t number, const edgecc_value_v0_t *value,
                      const void *data) {
  (void)number;
  edgecc_value_v0_read(value, data, write_piece);
}
#endif

static int32_t run(const edgecc_model_v0_t *model, void **inputs,
                   void **outputs, void *arena) {
  int32_t status;
  count_begin();
  status = model->run((const void *const *)inputs, (void *const *)outputs,
                      arena, model->arena_bytes);
  count_end();
  return status;
}

int main(int argc, char **argv) {
  const edgecc_model_v0_t *model = &network_model;
  void **inputs, **outputs, *arena;
  FILE *file;
  long reps, i;
  uint32_t n;
  int32_t status;
  double start;

  if (argc != 5)
    fail("usage: program INPUTS OUTPUTS REPS VALUES");
#ifdef NETWORK_VALUES
  values = fopen(argv[4], "wb");
  if (!values)
    fail("cannot open the values");
#endif
  reps = strtol(argv[3], NULL, 10);
  inputs = allocate((model->num_inputs + 1) * sizeof(void *), 64);
  outputs = allocate((model->num_outputs + 1) * sizeof(void *), 64);
  arena = allocate(model->arena_bytes, model->arena_align);

  file = fopen(argv[1], "rb");
  if (!file)
    fail("cannot open the inputs");
  for (n = 0; n < model->num_inputs; ++n) {
    size_t bytes = model->inputs[n].bytes;
    inputs[n] = allocate(bytes + 1, 64);
    if (fread(inputs[n], 1, bytes, file) != bytes)
      fail("the inputs are too short");
  }
  fclose(file);
  for (n = 0; n < model->num_outputs; ++n)
    outputs[n] = allocate(model->outputs[n].bytes + 1, 64);

  start = now_us();
  do {
    status = run(model, inputs, outputs, arena);
    if (status != EDGECC_OK)
      fail("the network refused to run");
  } while (reps > 0 && now_us() - start < WARM_UP_US);
  for (i = 0; i < reps; ++i) {
    start = now_us();
    run(model, inputs, outputs, arena);
    printf("%.3f\n", now_us() - start);
  }

#ifdef NETWORK_VALUES
  if (fclose(values) != 0)
    fail("cannot write the values");
#endif
  file = fopen(argv[2], "wb");
  if (!file)
    fail("cannot open the outputs");
  for (n = 0; n < model->num_outputs; ++n)
    if (fwrite(outputs[n], 1, model->outputs[n].bytes, file) !=
        model->outputs[n].bytes)
      fail("cannot write the outputs");
  if (fclose(file) != 0)
    fail("cannot write the outputs");
  return 0;
}
