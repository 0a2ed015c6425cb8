/* Stands for the core driver of Ethos-U: checks what it is handed, and lets
 * ethos_u_compute do the work.
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */

#include <stddef.h>
#include <stdint.h>

struct ethosu_driver {
  int is_reserved;
};

static struct ethosu_driver device;

/* Computes a program; the number of the invocation is ethos_u_invocations. */
int (*ethos_u_compute)(const void *commands, int bytes, uint64_t *bases);
unsigned ethos_u_invocations;
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
  device.is_reserved = 0;
}

int ethosu_invoke_v3(struct ethosu_driver *driver, const void *commands,
                     int bytes, uint64_t *bases, const size_t *sizes, int count,
                     void *user) {
  int status;
  if (!expect(driver == &device && device.is_reserved, "not reserved") ||
      !expect(!user, "a user argument") ||
      !expect(count == 3, "not three base addresses") ||
      !expect((uintptr_t)commands % 16 == 0, "commands are not aligned") ||
      !expect(is_command_stream(commands, bytes), "no command stream") ||
      !expect(bases[0] % 16 == 0 && bases[1] % 16 == 0 && bases[2] % 16 == 0,
              "base addresses are not aligned") ||
      !expect(sizes[0] && sizes[1], "regions of no bytes") ||
      !expect(bases[1] + sizes[1] <= bases[2], "tensors in fast memory") ||
      !expect(bases[0] + sizes[0] <= bases[1] ||
                  bases[1] + sizes[1] <= bases[0],
              "tensors in the weights"))
    return -1;
  status = ethos_u_compute(commands, bytes, bases);
  ++ethos_u_invocations;
  return status;
}
