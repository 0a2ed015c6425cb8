/*===- CApiUser.c - the compiler from C --------------------------*- C -*-===//
 *
 * Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Compiles a model, and a file that is not there. C, not C++, so that the
 * header is read as C.
 *===----------------------------------------------------------------------===*/

#include "compiler/api/edgecc-c.h"

#include <stdio.h>
#include <string.h>

int use_c_api(const char *model);

static int failures;

static void expect(int condition, const char *what) {
  if (!condition) {
    ++failures;
    printf("not so: %s\n", what);
  }
}

/* How many things are not as the header says. */
int use_c_api(const char *model) {
  edgecc_options_v0_t options = {
      sizeof(edgecc_options_v0_t), 0, 0, 0, 0, 0, 0, 0};
  edgecc_result_t *result;
  const void *object;
  size_t size = 0;

  options.name = "digits";
  options.cpu = "cortex-m7";
  result = edgecc_compile(model, &options);
  expect(!edgecc_result_error(result), "the model compiles");
  object = edgecc_result_object(result, &size);
  expect(object && size > 1000, "there is an object");
  expect(object && memcmp(object, "\177ELF", 4) == 0, "it is an ELF file");
  expect(edgecc_result_header(result) &&
             strstr(edgecc_result_header(result), "int32_t digits_run("),
         "the header declares the run function");
  edgecc_result_free(result);

  result = edgecc_compile("nowhere.onnx", NULL);
  expect(edgecc_result_error(result) &&
             strstr(edgecc_result_error(result), "nowhere.onnx"),
         "the error names the file");
  expect(!edgecc_result_object(result, &size), "there is no object");
  edgecc_result_free(result);

  options.level = "9";
  result = edgecc_compile(model, &options);
  expect(edgecc_result_error(result) != NULL, "a wrong level is an error");
  edgecc_result_free(result);
  edgecc_result_free(NULL);
  return failures;
}
