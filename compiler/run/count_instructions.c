/*===- count_instructions.c - a plug-in of QEMU -------------------*- C -*-===//
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Counts the instructions that an emulated processor executes between the
 * functions count_begin and count_end, and writes their number to a file:
 *   -plugin count_instructions.so,out=FILE
 * The number is the same for every run. QEMU has no package with the header of
 * its plug-ins; what is used of version 1 is declared here.
 *===----------------------------------------------------------------------===*/

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

typedef uint64_t plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum { NO_REGISTERS = 0, ADD_U64 = 0 };

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id_t,
                                           void (*)(plugin_id_t,
                                                    struct qemu_plugin_tb *));
void qemu_plugin_register_atexit_cb(plugin_id_t, void (*)(plugin_id_t, void *),
                                    void *);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *,
                                                 size_t);
const char *qemu_plugin_insn_symbol(const struct qemu_plugin_insn *);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *,
                                            void (*)(unsigned, void *), int,
                                            void *);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *, int,
                                                void *, uint64_t);

EXPORT int qemu_plugin_version = 1;
EXPORT int qemu_plugin_install(plugin_id_t id, const void *info, int argc,
                               char **argv);

static uint64_t executed, at_begin, counted;
static char out[4096];

static void begin(unsigned cpu, void *data) {
  (void)cpu;
  (void)data;
  at_begin = executed;
}

static void end(unsigned cpu, void *data) {
  (void)cpu;
  (void)data;
  if (at_begin)
    counted += executed - at_begin;
  at_begin = 0;
}

static void translate(plugin_id_t id, struct qemu_plugin_tb *block) {
  size_t i, count = qemu_plugin_tb_n_insns(block);
  (void)id;
  for (i = 0; i < count; ++i) {
    struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(block, i);
    const char *symbol = qemu_plugin_insn_symbol(insn);
    qemu_plugin_register_vcpu_insn_exec_inline(insn, ADD_U64, &executed, 1);
    if (symbol && !strcmp(symbol, "count_begin"))
      qemu_plugin_register_vcpu_insn_exec_cb(insn, begin, NO_REGISTERS, NULL);
    else if (symbol && !strcmp(symbol, "count_end"))
      qemu_plugin_register_vcpu_insn_exec_cb(insn, end, NO_REGISTERS, NULL);
  }
}

static void finish(plugin_id_t id, void *data) {
  FILE *file = fopen(out, "w");
  (void)id;
  (void)data;
  if (!file)
    return;
  fprintf(file, "%llu\n", (unsigned long long)counted);
  fclose(file);
}

int qemu_plugin_install(plugin_id_t id, const void *info, int argc,
                        char **argv) {
  (void)info;
  if (argc != 1 || strncmp(argv[0], "out=", 4) ||
      strlen(argv[0] + 4) >= sizeof out)
    return -1;
  strcpy(out, argv[0] + 4);
  qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
  qemu_plugin_register_atexit_cb(id, finish, NULL);
  return 0;
}
