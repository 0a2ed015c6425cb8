#ifndef EDGECC_FLATBUFFER_H
#define EDGECC_FLATBUFFER_H

/* Reads FlatBuffers in C, without a heap and without any library.
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * No access leaves the buffer, whatever its bytes are: what lies outside reads
 * as empty, and the reader remembers it in `broken`, which has to be looked at
 * before anything is done with what was read.
 */

#include <stdint.h>

typedef struct edgecc_npu_reader {
  const uint8_t *bytes;
  uint32_t size;
  int broken;
} edgecc_npu_reader_t;

/* Elements of a vector: `count` of them at `at`; none if there is no such
 * field. */
typedef struct edgecc_npu_list {
  uint32_t at, count;
} edgecc_npu_list_t;

static inline uint32_t edgecc_npu_read(edgecc_npu_reader_t *r, uint32_t at,
                                       uint32_t width) {
  uint32_t value = 0, i;
  if (at > r->size || r->size - at < width) {
    r->broken = 1;
    return 0;
  }
  for (i = 0; i < width; ++i)
    value |= (uint32_t)r->bytes[at + i] << (8 * i);
  return value;
}

/* Follows the offset at `at`. */
static inline uint32_t edgecc_npu_follow(edgecc_npu_reader_t *r, uint32_t at) {
  uint32_t offset = edgecc_npu_read(r, at, 4);
  if (offset > r->size || at > r->size - offset)
    r->broken = 1;
  return r->broken ? 0 : at + offset;
}

/* Where the field of that number is in a table; 0 if it is not there. */
static inline uint32_t edgecc_npu_field(edgecc_npu_reader_t *r, uint32_t table,
                                        uint32_t number) {
  uint32_t vtable = table - edgecc_npu_read(r, table, 4);
  uint32_t bytes = edgecc_npu_read(r, vtable, 2), offset;
  if (r->broken || 4 + 2 * number >= bytes)
    return 0;
  offset = edgecc_npu_read(r, vtable + 4 + 2 * number, 2);
  return offset ? table + offset : 0;
}

static inline uint32_t edgecc_npu_number(edgecc_npu_reader_t *r, uint32_t table,
                                         uint32_t number, uint32_t width,
                                         uint32_t absent) {
  uint32_t at = edgecc_npu_field(r, table, number);
  return at ? edgecc_npu_read(r, at, width) : absent;
}

/* A vector of elements of `width` bytes. */
static inline edgecc_npu_list_t edgecc_npu_vector(edgecc_npu_reader_t *r,
                                                  uint32_t table,
                                                  uint32_t number,
                                                  uint32_t width) {
  edgecc_npu_list_t list = {0, 0};
  uint32_t at = edgecc_npu_field(r, table, number), count;
  if (!at)
    return list;
  at = edgecc_npu_follow(r, at);
  count = edgecc_npu_read(r, at, 4);
  if (r->broken || count > (r->size - at - 4) / width) {
    r->broken = 1;
    return list;
  }
  list.at = at + 4;
  list.count = count;
  return list;
}

/* Whether the bytes of a program are those that the compiler has written: the
 * last four are the CRC-32 of those before. It looks at all of them, which
 * takes some cycles per byte; programs do not change, so once is enough. */
static inline int edgecc_npu_is_whole(const uint8_t *program, uint32_t size) {
  static const uint32_t table[16] = {
      0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
      0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
      0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
  uint32_t crc = 0xffffffff, i;
  if (size < 4)
    return 0;
  for (i = 0; i < size - 4; ++i) {
    crc = table[(crc ^ program[i]) & 15] ^ (crc >> 4);
    crc = table[(crc ^ (uint32_t)(program[i] >> 4)) & 15] ^ (crc >> 4);
  }
  for (i = 0; i < 4; ++i)
    if (program[size - 4 + i] != (uint8_t)(~crc >> (8 * i)))
      return 0;
  return 1;
}

#endif /* EDGECC_FLATBUFFER_H */
