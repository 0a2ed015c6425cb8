/*===- program.c - runs one network on a board --------------------*- C -*-===//
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * edgecc-run links this with a network called "network" for a board. The bytes
 * of all inputs come from the file INPUTS of the host, those of the outputs go
 * to its file OUTPUTS, those of the values that the network shows to VALUES,
 * and two words to MEMORY: the bytes of arena and of stack that it used. On the
 * way it holds the network to what its header says: nothing beside the arena
 * and the outputs is written, and no more stack is used than stated.
 *===----------------------------------------------------------------------===*/

#include "board.h"
#include "count.h"
#include "network.h"

#define PAINT ((unsigned char)0xA5)
#define GUARD_BYTES 64

static char *next = free_start;

static void paint(volatile char *from, const volatile char *to) {
  for (; from < to; ++from)
    *from = (char)PAINT;
}

static int is_painted(const volatile char *from, const volatile char *to) {
  for (; from < to; ++from)
    if (*from != (char)PAINT)
      return 0;
  return 1;
}

/* Memory at a multiple of align, a power of two, between painted guards. */
static char *allocate(size_t bytes, size_t align) {
  char *memory = next + GUARD_BYTES;
  memory += -(uintptr_t)memory & (align - 1);
  if (bytes + GUARD_BYTES > (size_t)(stack_pointer() - memory))
    fail("the board has too little memory for this network");
  paint(next, memory);
  next = memory + bytes + GUARD_BYTES;
  paint(memory + bytes, next);
  return memory;
}

static void check_guards(const char *memory, size_t bytes) {
  if (!is_painted(memory - GUARD_BYTES, memory) ||
      !is_painted(memory + bytes, memory + bytes + GUARD_BYTES))
    fail("the network wrote beside its arena and its outputs");
}

static uintptr_t open_file(const char *path, size_t length, uintptr_t mode) {
  uintptr_t arguments[3] = {(uintptr_t)path, mode, length};
  uintptr_t file = semihost(SEMIHOST_OPEN, arguments);
  if (file == (uintptr_t)-1)
    fail("cannot open a file of the host");
  return file;
}

/* Reads or writes all of the bytes. */
static void transfer(uintptr_t operation, uintptr_t file, void *memory,
                     size_t bytes) {
  uintptr_t arguments[3] = {file, (uintptr_t)memory, bytes};
  if (bytes > 0 && semihost(operation, arguments) != 0)
    fail("cannot read or write a file of the host");
}

static void close_file(uintptr_t file) { semihost(SEMIHOST_CLOSE, &file); }

#ifdef NETWORK_VALUES
static uintptr_t values;

static void write_piece(const void *piece, size_t bytes) {
  transfer(SEMIHOST_WRITE, values, (void *)(uintptr_t)piece, bytes);
}

void network_on_value(uint32_t number, const edgecc_value_v0_t *value,
                      const void *data) {
  (void)number;
  edgecc_value_v0_read(value, data, write_piece);
}
#endif

int main(void) {
  const edgecc_model_v0_t *model = &network_model;
  char **inputs, **outputs, *arena, *top, *lowest;
  uintptr_t file;
  int32_t status;
  uint32_t i, used[2];

  inputs = (char **)allocate((model->num_inputs + 1) * sizeof(char *), 16);
  outputs = (char **)allocate((model->num_outputs + 1) * sizeof(char *), 16);
  file = open_file(INPUTS, sizeof INPUTS - 1, 1); /* "rb" */
  for (i = 0; i < model->num_inputs; ++i) {
    inputs[i] = allocate(model->inputs[i].bytes, 16);
    transfer(SEMIHOST_READ, file, inputs[i], model->inputs[i].bytes);
  }
  close_file(file);
  for (i = 0; i < model->num_outputs; ++i)
    outputs[i] = allocate(model->outputs[i].bytes, 16);
  arena = allocate(model->arena_bytes, model->arena_align);
  /* All ones, which is no number, where the network must write first. */
  for (i = 0; i < model->arena_bytes; ++i)
    arena[i] = (char)0xFF;

#ifdef NETWORK_VALUES
  values = open_file(VALUES, sizeof VALUES - 1, 5); /* "wb" */
#endif
  top = stack_pointer();
  paint(next, top - GUARD_BYTES);
  count_begin();
  status = model->run((const void *const *)inputs, (void *const *)outputs,
                      arena, model->arena_bytes);
  count_end();
  if (status != EDGECC_OK)
    fail("the network refused to run");
  for (lowest = next; lowest < top && *lowest == (char)PAINT;)
    ++lowest;
  used[0] = (uint32_t)model->arena_bytes;
  while (used[0] > 0 && arena[used[0] - 1] == (char)0xFF)
    --used[0];
  used[1] = lowest < top - GUARD_BYTES ? (uint32_t)(top - lowest) : 0;
/* What is stated is without our hook. */
#if defined(NETWORK_STACK_BYTES) && !defined(NETWORK_VALUES)
  if (used[1] > NETWORK_STACK_BYTES)
    fail("the network used more stack than its header states");
#endif
  check_guards(arena, model->arena_bytes);
  for (i = 0; i < model->num_outputs; ++i)
    check_guards(outputs[i], model->outputs[i].bytes);
  for (i = 0; i < model->num_inputs; ++i)
    check_guards(inputs[i], model->inputs[i].bytes);

#ifdef NETWORK_VALUES
  close_file(values);
#endif
  file = open_file(OUTPUTS, sizeof OUTPUTS - 1, 5); /* "wb" */
  for (i = 0; i < model->num_outputs; ++i)
    transfer(SEMIHOST_WRITE, file, outputs[i], model->outputs[i].bytes);
  close_file(file);
  file = open_file(MEMORY, sizeof MEMORY - 1, 5);
  transfer(SEMIHOST_WRITE, file, used, sizeof used);
  close_file(file);
  return 0;
}
