/* Stands for the core driver of Ethos-U: checks what it is handed, and lets
 * ethos_u_compute do the work.
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of a Cortex-M55. */
enum { CACHE_LINE = 32 };

struct ethosu_driver {
  int is_reserved;
};

static struct ethosu_driver device;

/* What the device works on; no commands if nothing. */
static struct {
  const void *commands;
  int bytes;
  uint64_t *bases;
  const size_t *sizes;
  uint64_t sum;
} job;

/* Computes a program; the number of the invocation is ethos_u_invocations. */
int (*ethos_u_compute)(const void *commands, int bytes, uint64_t *bases);
unsigned ethos_u_invocations;
unsigned ethos_u_starts;
/* The start and the invocation that fail, counted from 1; 0 for none. */
unsigned ethos_u_fails_to_start_at, ethos_u_fails_at;
/* Whether there is no device. */
unsigned ethos_u_is_absent;
/* What was wrong first, or a null pointer. */
const char *ethos_u_mistake;

static int expect(int condition, const char *mistake) {
  if (!condition && !ethos_u_mistake)
    ethos_u_mistake = mistake;
  return condition;
}

/* A command stream begins with COP1 and consists of actions: a number, and how
 * many words follow. The last one is the stream itself. */
static int is_command_stream(const void *commands, int bytes) {
  const uint32_t *word = commands, *end = word + bytes / 4;
  if (bytes % 4 || end - word < 2 || *word++ != 0x31504f43)
    return 0;
  while (word < end) {
    uint32_t action = *word++;
    switch (action & 0xff) {
    case 1: /* of which configuration */
      word += 2;
      break;
    case 2: /* the commands */
      return (uint32_t)(end - word) ==
             ((action >> 16) | ((action & 0xff00) << 8));
    case 5: /* nothing */
      break;
    default:
      return 0;
    }
  }
  return 0;
}

struct ethosu_driver *ethosu_reserve_driver(void) {
  if (ethos_u_is_absent)
    return NULL;
  expect(!device.is_reserved, "reserved twice");
  device.is_reserved = 1;
  return &device;
}

void ethosu_release_driver(struct ethosu_driver *driver) {
  expect(driver == &device && device.is_reserved, "released without need");
  expect(!job.commands, "released while it works");
  device.is_reserved = 0;
}

/* The core driver writes back the caches of the tensors and invalidates them:
 * in whole lines, of which nobody else may have a part. */
static int owns_lines(uint64_t base, size_t size) {
  return base % CACHE_LINE == 0 && size % CACHE_LINE == 0;
}

static uint64_t sum_of(uint64_t base, size_t size) {
  const unsigned char *bytes = (const unsigned char *)(uintptr_t)base;
  uint64_t sum = 1;
  size_t i;
  for (i = 0; i < size; ++i)
    sum = (sum ^ bytes[i]) * 0x100000001b3u;
  return sum;
}

int ethosu_invoke_async(struct ethosu_driver *driver, const void *commands,
                        int bytes, uint64_t *bases, const size_t *sizes,
                        int count, void *user) {
  if (!expect(driver == &device && device.is_reserved, "not reserved") ||
      !expect(!job.commands, "invoked while it works") ||
      !expect(!user, "a user argument") ||
      !expect(count == 3, "not three base addresses") ||
      !expect((uintptr_t)commands % 16 == 0, "commands are not aligned") ||
      !expect(is_command_stream(commands, bytes), "no command stream") ||
      !expect(bases[0] % 16 == 0 && bases[2] % 16 == 0,
              "base addresses are not aligned") ||
      !expect(owns_lines(bases[1], sizes[1]),
              "tensors share a line of the cache") ||
      !expect(sizes[0] && sizes[1], "regions of no bytes") ||
      !expect(bases[1] + sizes[1] <= bases[2] ||
                  bases[2] + sizes[2] <= bases[1],
              "tensors in fast memory") ||
      !expect(owns_lines(bases[2], sizes[2]),
              "fast memory shares a line of the cache") ||
      !expect(bases[0] + sizes[0] <= bases[1] ||
                  bases[1] + sizes[1] <= bases[0],
              "tensors in the weights"))
    return -1;
  if (++ethos_u_starts == ethos_u_fails_to_start_at)
    return -1;
  job.commands = commands;
  job.bytes = bytes;
  job.bases = bases;
  job.sizes = sizes;
  job.sum = sum_of(bases[1], sizes[1]);
  return 0;
}

int ethosu_wait(struct ethosu_driver *driver, bool blocks) {
  int status;
  if (!expect(driver == &device && device.is_reserved, "not reserved") ||
      !expect(blocks, "does not wait until the end") ||
      !expect(job.commands != NULL, "a wait for nothing"))
    return -2;
  expect(job.sum == sum_of(job.bases[1], job.sizes[1]),
         "tensors have changed while the device worked");
  status = ethos_u_invocations + 1 == ethos_u_fails_at
               ? -1
               : ethos_u_compute(job.commands, job.bytes, job.bases);
  job.commands = NULL;
  ++ethos_u_invocations;
  return status;
}

int ethosu_invoke_v3(struct ethosu_driver *driver, const void *commands,
                     int bytes, uint64_t *bases, const size_t *sizes, int count,
                     void *user) {
  int status =
      ethosu_invoke_async(driver, commands, bytes, bases, sizes, count, user);
  return status ? status : ethosu_wait(driver, true);
}
