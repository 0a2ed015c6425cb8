# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How lit runs the tests of this folder.

Tools are found by their plain names: edgecc, edgecc-opt, edgecc-run, FileCheck,
not, split-file, llvm-nm, llvm-objdump, llvm-readobj, clang, opt. Substitutions:
  %models   test/models          %runtime  runtime/include
  %shared   the shared model zoo (only with `REQUIRES: shared-models`)
  %root     the repository         %mlir-include  the headers of MLIR
  %python   a Python with numpy, onnx and onnxruntime
Features: shared-models, qemu-aarch64, qemu-riscv64 (emulator and C compiler),
qemu-arm, qemu-riscv32 (emulator only).
"""
import os
import shutil

import lit.formats

config.name = "edgecc"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.test_source_root = os.path.dirname(__file__)
config.excludes = ["unit", "conformance", "integration", "models", "Inputs"]

config.environment["PATH"] = os.pathsep.join(
    [config.edgecc_bin_dir, config.llvm_tools_dir, os.environ["PATH"]])

config.substitutions += [
    ("%models", os.path.join(config.test_source_root, "models")),
    ("%runtime", os.path.join(config.edgecc_src_root, "runtime", "include")),
    ("%shared", config.shared_models),
    ("%python", config.python),
    ("%root", config.edgecc_src_root),
    ("%mlir-include", config.mlir_include),
]

if os.path.isdir(config.shared_models):
    config.available_features.add("shared-models")
for arch in ["aarch64", "riscv64"]:
    if shutil.which("qemu-" + arch) and shutil.which(arch + "-linux-gnu-gcc"):
        config.available_features.add("qemu-" + arch)
# Programs without libc need an emulator only.
for arch in ["arm", "riscv32"]:
    if shutil.which("qemu-" + arch):
        config.available_features.add("qemu-" + arch)
