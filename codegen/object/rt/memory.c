/*===- memory.c - copies and fills -------------------------------*- C -*-===//
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * In blocks of vectors of bytes, which the code generator takes to be as wide
 * as the target has them.
 *===----------------------------------------------------------------------===*/

typedef __SIZE_TYPE__ size_t;
typedef unsigned char block __attribute__((vector_size(32), aligned(1)));

void *memcpy(void *restrict to, const void *restrict from, size_t size) {
  unsigned char *t = to;
  const unsigned char *f = from;
  for (; size >= sizeof(block); size -= sizeof(block)) {
    *(block *)t = *(const block *)f;
    t += sizeof(block);
    f += sizeof(block);
  }
  for (; size; --size)
    *t++ = *f++;
  return to;
}

void *memmove(void *to, const void *from, size_t size) {
  unsigned char *t = to;
  const unsigned char *f = from;
  if (t <= f) {
    /* A block is read before any of its bytes is written. */
    for (; size >= sizeof(block); size -= sizeof(block)) {
      *(block *)t = *(const block *)f;
      t += sizeof(block);
      f += sizeof(block);
    }
    for (; size; --size)
      *t++ = *f++;
    return to;
  }
  for (; size >= sizeof(block); size -= sizeof(block))
    *(block *)(t + size - sizeof(block)) =
        *(const block *)(f + size - sizeof(block));
  for (; size; --size)
    t[size - 1] = f[size - 1];
  return to;
}

void *memset(void *to, int value, size_t size) {
  unsigned char *t = to;
  block all = {0};
  all += (unsigned char)value;
  for (; size >= sizeof(block); size -= sizeof(block)) {
    *(block *)t = all;
    t += sizeof(block);
  }
  for (; size; --size)
    *t++ = (unsigned char)value;
  return to;
}

/* Where both begin at multiples of 8. */
void edgecc_copy(void *restrict to, const void *restrict from, size_t size) {
  typedef unsigned words __attribute__((vector_size(16), aligned(8)));
  unsigned char *t = to;
  const unsigned char *f = from;
  for (; size >= sizeof(words); size -= sizeof(words)) {
    *(words *)t = *(const words *)f;
    t += sizeof(words);
    f += sizeof(words);
  }
  for (; size; --size)
    *t++ = *f++;
}

/* The Arm ABI: the same without results, and a fill with other operands. */
void __aeabi_memcpy(void *to, const void *from, size_t size) {
  memcpy(to, from, size);
}
void __aeabi_memcpy4(void *to, const void *from, size_t size) {
  memcpy(to, from, size);
}
void __aeabi_memcpy8(void *to, const void *from, size_t size) {
  memcpy(to, from, size);
}
void __aeabi_memmove(void *to, const void *from, size_t size) {
  memmove(to, from, size);
}
void __aeabi_memmove4(void *to, const void *from, size_t size) {
  memmove(to, from, size);
}
void __aeabi_memmove8(void *to, const void *from, size_t size) {
  memmove(to, from, size);
}
void __aeabi_memset(void *to, size_t size, int value) {
  memset(to, value, size);
}
void __aeabi_memset4(void *to, size_t size, int value) {
  memset(to, value, size);
}
void __aeabi_memset8(void *to, size_t size, int value) {
  memset(to, value, size);
}
void __aeabi_memclr(void *to, size_t size) { memset(to, 0, size); }
void __aeabi_memclr4(void *to, size_t size) { memset(to, 0, size); }
void __aeabi_memclr8(void *to, size_t size) { memset(to, 0, size); }
