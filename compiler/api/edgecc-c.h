/*===- edgecc-c.h - the compiler for C ---------------------------*- C -*-===//
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Compiles a model file to the bytes of an object and the text of its header:
 *
 *   edgecc_options_v0_t options = {sizeof options};
 *   options.cpu = "cortex-m7";
 *   edgecc_result_t *result = edgecc_compile("model.onnx", &options);
 *   if (edgecc_result_error(result))
 *     puts(edgecc_result_error(result));
 *   ...
 *   edgecc_result_free(result);
 *===----------------------------------------------------------------------===*/

#ifndef EDGECC_COMPILER_API_EDGECC_C_H
#define EDGECC_COMPILER_API_EDGECC_C_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What to compile for. Zero everywhere, but for the size, means the defaults
 * of the command line. Later versions add fields at the end. */
typedef struct edgecc_options_v0 {
  size_t size;        /* of this struct, for versions to come */
  const char *name;   /* prefix of the C names; from the file's name if null */
  const char *target; /* triple */
  const char *cpu;    /* name of a CPU, or native */
  const char *attrs;  /* features: +f,-g */
  const char *march;  /* architecture with extensions */
  const char *level;  /* "0" to "3", or "s"; "2" if null */
  int pic;            /* 1 for position independent code, -1 for fixed */
} edgecc_options_v0_t;

/* What a compilation gave: an object, or an error. */
typedef struct edgecc_result edgecc_result_t;

/* Compiles the file at `model`. `options` may be null. Never returns null. */
edgecc_result_t *edgecc_compile(const char *model,
                                const edgecc_options_v0_t *options);

/* The errors, one per line; null if there was none. */
const char *edgecc_result_error(const edgecc_result_t *result);

/* The object file; null after an error. */
const void *edgecc_result_object(const edgecc_result_t *result, size_t *size);

/* The header, which calls itself NAME.h; null after an error. */
const char *edgecc_result_header(const edgecc_result_t *result);

/* Frees a result and all that it has given out. Null is fine. */
void edgecc_result_free(edgecc_result_t *result);

#ifdef __cplusplus
}
#endif

#endif /* EDGECC_COMPILER_API_EDGECC_C_H */
