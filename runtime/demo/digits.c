/*===- digits.c - recognise handwritten digits -------------------*- C -*-===//
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A whole program around one compiled network: it runs the network on every
 * test picture and prints some of them, the accuracy and the time. digits.h is
 * what `edgecc digits_cnn.onnx --name=digits` writes beside the object;
 * pictures.h holds the test pictures.
 */

#define _POSIX_C_SOURCE 199309L /* clock_gettime; the network needs nothing */

#include "digits.h"
#include "pictures.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SHOWN 4
#define ROUNDS 5

/* All the memory that the network writes to, besides its output. */
static DIGITS_ALIGNED unsigned char arena[DIGITS_ARENA_BYTES];

static double now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

/* Recognises one picture; *us gets the time that the network took. */
static int recognise(const unsigned char *pixels, double *us) {
  float image[64], logits[10];
  double start;
  int i, best = 0;

  for (i = 0; i < 64; ++i)
    image[i] = (float)pixels[i] / 16.0f;
  start = now_us();
  if (digits_run(image, logits, arena, sizeof arena) != DIGITS_OK) {
    fprintf(stderr, "digits: the network refused to run\n");
    exit(1);
  }
  *us = now_us() - start;
  for (i = 1; i < 10; ++i)
    if (logits[i] > logits[best])
      best = i;
  return best;
}

/* Prints the first pictures side by side, two characters to a pixel. */
static void show(const int *seen) {
  static const char shades[] = " .:-=+*#@";
  int picture, row, column;

  for (row = 0; row < 8; ++row) {
    for (picture = 0; picture < SHOWN; ++picture) {
      printf("   ");
      for (column = 0; column < 8; ++column) {
        char shade = shades[digits_pixels[picture][8 * row + column] / 2];
        printf("%c%c", shade, shade);
      }
    }
    printf("\n");
  }
  for (picture = 0; picture < SHOWN; ++picture)
    printf("   recognised: %d   ", seen[picture]);
  printf("\n\n");
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int main(void) {
  static double us[ROUNDS * DIGITS_PICTURES];
  static int seen[DIGITS_PICTURES];
  int round, i, right = 0, same = 0;

  for (round = 0; round < ROUNDS; ++round)
    for (i = 0; i < DIGITS_PICTURES; ++i)
      seen[i] = recognise(digits_pixels[i], &us[round * DIGITS_PICTURES + i]);
  for (i = 0; i < DIGITS_PICTURES; ++i) {
    right += seen[i] == digits_labels[i];
    same += seen[i] == digits_expected[i];
  }
  qsort(us, ROUNDS * DIGITS_PICTURES, sizeof us[0], ascending);

  show(seen);
  printf("   accuracy  %d of %d pictures (%.1f %%)\n", right, DIGITS_PICTURES,
         100.0 * right / DIGITS_PICTURES);
  printf("   agrees    with ONNX Runtime on %d of %d\n", same, DIGITS_PICTURES);
  printf("   latency   %.1f us (median of %d runs)\n",
         us[ROUNDS * DIGITS_PICTURES / 2], ROUNDS * DIGITS_PICTURES);
  printf("   arena     %lu bytes\n", (unsigned long)DIGITS_ARENA_BYTES);
  return same == DIGITS_PICTURES ? 0 : 1;
}
