/*===- memory_contract.c - holds a network to its header ----------*- C -*-===//
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Links with a network called "network": program INPUTS, a file with the bytes
 * of all inputs. Every buffer touches a page that cannot be accessed; the
 * inputs can only be read; the stack is painted. Prints what the network used
 * of its arena and stack and what its header states.
 *===----------------------------------------------------------------------===*/

#define _GNU_SOURCE

#include "network.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#define MAX_TENSORS 512
#define STACK_ROOM (1 << 20)

static const edgecc_model_v0_t *const model = &network_model;
static const void *inputs[MAX_TENSORS];
static void *outputs[MAX_TENSORS];
static unsigned char *arena;
static int32_t status;
static long stack_used;
static char *stack;
static ucontext_t caller, callee;

static void fail(const char *what) {
  fprintf(stderr, "%s\n", what);
  exit(1);
}

/* Memory that ends (or begins) where a page that cannot be accessed begins
 * (or ends), at a multiple of align. */
static unsigned char *guarded(size_t bytes, size_t align, int at_end) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE), padded, pages;
  unsigned char *memory;

  padded = (bytes + align - 1) / align * align;
  pages = (padded + page - 1) / page * page;
  memory = mmap(NULL, pages + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
                -1, 0);
  if (memory == MAP_FAILED ||
      (pages > 0 && mprotect(memory + page, pages, PROT_READ | PROT_WRITE)))
    fail("no memory");
  return at_end ? memory + page + pages - padded : memory + page;
}

static void run_on_own_stack(void) {
  char *top, *lowest;

  __asm__ volatile("mov %%rsp, %0" : "=r"(top));
  status = model->run(inputs, outputs, arena, model->arena_bytes);
  for (lowest = stack; *lowest == (char)0xA5;)
    ++lowest;
  stack_used = top - lowest;
}

/* Runs the network with its arena filled with `filler`. */
static void run(int filler) {
  memset(arena, filler, model->arena_bytes);
  memset(stack, 0xA5, STACK_ROOM);
  getcontext(&callee);
  callee.uc_stack.ss_sp = stack;
  callee.uc_stack.ss_size = STACK_ROOM;
  callee.uc_link = &caller;
  makecontext(&callee, run_on_own_stack, 0);
  swapcontext(&caller, &callee);
  if (status != EDGECC_OK)
    fail("the network refused to run");
}

/* A call that must be refused, and touch nothing. */
static void refuse(const char *what, int32_t expected, void *memory,
                   size_t bytes) {
  size_t i;

  memset(arena, 0x5A, model->arena_bytes);
  if (model->run(inputs, outputs, memory, bytes) != expected)
    fail(what);
  for (i = 0; i < model->arena_bytes; ++i)
    if (arena[i] != 0x5A)
      fail("a call that was refused wrote to the arena");
}

static void check_refusals(size_t arena_used) {
  const void *input = inputs[0];
  void *output = outputs[0];

  if (arena_used > 0) {
    refuse("no arena was accepted", EDGECC_NULL_POINTER, NULL,
           model->arena_bytes);
    refuse("a misaligned arena was accepted", EDGECC_MISALIGNED_ARENA,
           arena + 1, model->arena_bytes);
    refuse("a small arena was accepted", EDGECC_SMALL_ARENA, arena,
           model->arena_bytes - 1);
  }
  inputs[0] = NULL;
  if (model->num_inputs > 0)
    refuse("no input was accepted", EDGECC_NULL_POINTER, arena,
           model->arena_bytes);
  inputs[0] = input;
  outputs[0] = NULL;
  refuse("no output was accepted", EDGECC_NULL_POINTER, arena,
         model->arena_bytes);
  outputs[0] = output;
}

/* The bytes of the arena that differ from what two runs were given. */
static size_t high_water(const unsigned char *after, int first, int second) {
  size_t used = model->arena_bytes;

  while (used > 0 && after[used - 1] == first && arena[used - 1] == second)
    --used;
  return used;
}

int main(int argc, char **argv) {
  unsigned char *copies[MAX_TENSORS], *after;
  int at_end;
  uint32_t i;
  size_t used = 0;
  FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;

  if (!file)
    fail("usage: program INPUTS");
  if (model->num_inputs > MAX_TENSORS || model->num_outputs > MAX_TENSORS)
    fail("too many inputs or outputs");
  for (i = 0; i < model->num_inputs; ++i) {
    size_t bytes = model->inputs[i].bytes;
    unsigned char *memory = guarded(bytes, 8, 1);
    if (fread(memory, 1, bytes, file) != bytes)
      fail("the inputs are too short");
    if (bytes > 0)
      mprotect((void *)((uintptr_t)memory & ~(uintptr_t)4095),
               bytes + ((uintptr_t)memory & 4095), PROT_READ);
    inputs[i] = memory;
  }
  fclose(file);
  stack = (char *)guarded(STACK_ROOM, 64, 0);
  after = malloc(model->arena_bytes);

  for (at_end = 0; at_end < 2; ++at_end) {
    arena = guarded(model->arena_bytes, model->arena_align, at_end);
    for (i = 0; i < model->num_outputs; ++i)
      outputs[i] = guarded(model->outputs[i].bytes, 8, at_end);
    run(0xFF); /* no number */
    memcpy(after, arena, model->arena_bytes);
    for (i = 0; i < model->num_outputs; ++i) {
      size_t bytes = model->outputs[i].bytes;
      copies[i] = malloc(bytes + 1);
      memcpy(copies[i], outputs[i], bytes);
      memset(outputs[i], 0, bytes);
    }
    run(0x11);
    for (i = 0; i < model->num_outputs; ++i) {
      if (memcmp(copies[i], outputs[i], model->outputs[i].bytes))
        fail("the outputs depend on what the arena held");
      free(copies[i]);
    }
    used = high_water(after, 0xFF, 0x11);
    check_refusals(used);
  }
  printf("%lu %lu %ld %ld\n", (unsigned long)used,
         (unsigned long)model->arena_bytes, stack_used,
         (long)NETWORK_STACK_BYTES);
  return 0;
}
