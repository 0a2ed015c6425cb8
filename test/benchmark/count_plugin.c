// Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A plugin for QEMU's emulation (plugin API version 1) that counts the guest
// instructions whose addresses lie in given ranges. The counts of a program
// without threads repeat exactly.
//
//   qemu-... -plugin libcount.so,out=FILE,range=0xBEGIN-0xEND[,range=...]
//
// FILE gets one number. No package has the header of the API, so its few
// functions are declared here.

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum { QEMU_PLUGIN_INLINE_ADD_U64 = 0 };

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t,
                                           void (*)(qemu_plugin_id_t,
                                                    struct qemu_plugin_tb *));
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t,
                                    void (*)(qemu_plugin_id_t, void *), void *);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *,
                                                 size_t);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *, int,
                                                void *, uint64_t);

EXPORT int qemu_plugin_version = 1;

enum { most = 16 };
static struct {
  uint64_t begin, end;
} ranges[most];
static int range_count;
static const char *out;
static uint64_t executed;

static void count_block(qemu_plugin_id_t id, struct qemu_plugin_tb *block) {
  (void)id;
  for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); ++i) {
    struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(block, i);
    uint64_t address = qemu_plugin_insn_vaddr(insn);
    for (int r = 0; r < range_count; ++r)
      if (ranges[r].begin <= address && address < ranges[r].end)
        qemu_plugin_register_vcpu_insn_exec_inline(
            insn, QEMU_PLUGIN_INLINE_ADD_U64, &executed, 1);
  }
}

static void write_count(qemu_plugin_id_t id, void *unused) {
  (void)id, (void)unused;
  FILE *file = fopen(out, "w");
  if (!file)
    return;
  fprintf(file, "%llu\n", (unsigned long long)executed);
  fclose(file);
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc,
                               char **argv) {
  (void)info;
  for (int i = 0; i < argc; ++i) {
    char *end;
    if (!strncmp(argv[i], "out=", 4)) {
      out = strdup(argv[i] + 4);
    } else if (!strncmp(argv[i], "range=", 6) && range_count < most) {
      ranges[range_count].begin = strtoull(argv[i] + 6, &end, 16);
      if (*end != '-')
        return -1;
      ranges[range_count++].end = strtoull(end + 1, &end, 16);
    } else {
      return -1;
    }
  }
  if (!out || !range_count)
    return -1;
  qemu_plugin_register_vcpu_tb_trans_cb(id, count_block);
  qemu_plugin_register_atexit_cb(id, write_count, NULL);
  return 0;
}
