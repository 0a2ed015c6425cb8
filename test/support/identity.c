/*===- identity.c - what a network makes of many inputs ----------*- C -*-===//
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Runs a network called "network" RUNS times on numbers that are the same on
 * every machine, and writes the bytes of all outputs to the standard output.
 * Microcontrollers have no C library here: QEMU takes their system calls, as
 * Linux or, with SEMIHOSTING, for a board.
 *===----------------------------------------------------------------------===*/

#include "network.h"

#if defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M'
static int run_all(void);

#ifdef SEMIHOSTING
static long call_host(long number, const void *arguments) {
  register long r0 __asm__("r0") = number;
  register const void *r1 __asm__("r1") = arguments;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

static void put(const void *bytes, size_t count) {
  static long handle = -1;
  if (handle < 0) {
    const void *open[] = {":tt", (const void *)4, (const void *)3};
    handle = call_host(1, open);
  }
  const void *write[] = {(const void *)handle, bytes, (const void *)count};
  call_host(5, write);
}

__attribute__((noinline)) static void run_and_leave(void) {
  const void *leave[] = {(const void *)0x20026, (const void *)(long)run_all()};
  call_host(0x20, leave);
}

void _start(void) {
  /* The coprocessors of vectors, before any code may use them. */
  *(volatile uint32_t *)0xe000ed88 |= 0xfu << 20;
  __asm__ volatile("dsb\n isb" ::: "memory");
  run_and_leave();
}

__attribute__((section(".vectors"),
               used)) static const void *const vectors[] = {
    (const void *)0x31200000, (const void *)_start};
#else
static long call_system(long number, long a, const void *b, long c) {
  register long r7 __asm__("r7") = number;
  register long r0 __asm__("r0") = a;
  register const void *r1 __asm__("r1") = b;
  register long r2 __asm__("r2") = c;
  __asm__ volatile("svc 0" : "+r"(r0) : "r"(r7), "r"(r1), "r"(r2) : "memory");
  return r0;
}

static void put(const void *bytes, size_t count) {
  while (count) {
    long written = call_system(4, 1, bytes, (long)count);
    bytes = (const char *)bytes + written;
    count -= (size_t)written;
  }
}

void _start(void) { call_system(1, run_all(), 0, 0); }
#endif

void *memcpy(void *to, const void *from, size_t count) {
  for (size_t i = 0; i < count; ++i)
    ((volatile char *)to)[i] = ((const char *)from)[i];
  return to;
}

void *memset(void *to, int value, size_t count) {
  for (size_t i = 0; i < count; ++i)
    ((volatile char *)to)[i] = (char)value;
  return to;
}
#else
#include <stdio.h>

static void put(const void *bytes, size_t count) {
  fwrite(bytes, 1, count, stdout);
}

static int run_all(void);
int main(void) { return run_all(); }
#endif

/* ONNX's numbers of types. */
enum { FLOAT = 1, INT64 = 7 };

#ifdef SEMIHOSTING
static char memory[1 << 20];
#else
static char memory[1 << 27];
#endif
static size_t used;

static void *allocate(size_t bytes) {
  void *place;
  used += (64 - (size_t)((uintptr_t)(memory + used) % 64)) % 64;
  place = memory + used;
  used += bytes;
  return used <= sizeof(memory) ? place : NULL;
}

static uint32_t state = 2463534242u;

static uint32_t next_number(void) {
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state;
}

/* Floats from 0 to 1, indices below 256, any bytes for other types. */
static void fill(const edgecc_tensor_v0_t *tensor, void *data) {
  size_t i, step = tensor->type == FLOAT ? 4 : tensor->type == INT64 ? 8 : 1;
  for (i = 0; i < tensor->bytes; i += step) {
    uint32_t number = next_number() >> 24;
    if (tensor->type == FLOAT)
      *(float *)(void *)((char *)data + i) = (float)number / 256.0f;
    else if (tensor->type == INT64)
      *(int64_t *)(void *)((char *)data + i) = number;
    else
      ((char *)data)[i] = (char)number;
  }
}

static int run_all(void) {
  const edgecc_model_v0_t *model = &network_model;
  const void *inputs[8];
  void *outputs[8], *arena = allocate(model->arena_bytes);
  uint32_t run, n;
  if (model->num_inputs > 8 || model->num_outputs > 8)
    return 2;
  for (n = 0; n < model->num_inputs; ++n)
    inputs[n] = allocate(model->inputs[n].bytes);
  for (n = 0; n < model->num_outputs; ++n)
    if (!(outputs[n] = allocate(model->outputs[n].bytes)))
      return 3;
  for (run = 0; run < RUNS; ++run) {
    for (n = 0; n < model->num_inputs; ++n)
      fill(&model->inputs[n], (void *)(uintptr_t)inputs[n]);
    if (model->run(inputs, outputs, arena, model->arena_bytes) != EDGECC_OK)
      return 1;
    for (n = 0; n < model->num_outputs; ++n)
      put(outputs[n], model->outputs[n].bytes);
  }
  return 0;
}
