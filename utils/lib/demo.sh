# shellcheck shell=bash disable=SC2154
# The digits demo for one CPU: sourced by utils/quickstart and the demo test.
# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# The caller sets root, bin (the folder of edgecc) and python.

# demo CPU C-COMPILER FOLDER [RUNNER...]: compiles the digits network for CPU
# into FOLDER, links it with runtime/demo/digits.c and runs the program.
demo() {
  local cpu=$1 cc=$2 folder=$3
  shift 3
  mkdir -p "$folder"
  "$bin/edgecc" "$root/test/models/digits_cnn.onnx" "-mcpu=$cpu" --name=digits \
    -o "$folder/digits.o" || return 1
  "$python" "$root/utils/lib/digits_header.py" \
    "$root/test/models/digits_cnn.npz" "$folder/pictures.h" || return 1
  "$cc" -std=c99 -Wall -Wextra -Wpedantic -Werror -O2 -static -I "$folder" \
    "$root/runtime/demo/digits.c" "$folder/digits.o" -o "$folder/digits" ||
    return 1
  "$@" "$folder/digits"
}
