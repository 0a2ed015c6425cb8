#!/usr/bin/env python3
# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The CMake package: a project of a user's, built with it and run.

The package of the build tree and the installed one, for this machine and for
others, and what it says when it is used wrongly; then other languages than C,
and the kits for other systems.
"""
import functools
import os
import shutil
import sys
import tempfile

import numpy as np
import onnxruntime

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import kits
import suite

PROJECT = os.path.join(suite.ROOT, "test", "integration", "package")
MODEL = os.path.join(suite.MODELS, "digits_cnn.onnx")


def configure(options, package, source, build, *flags, check=True):
    run = suite.must if check else suite.command
    return run(["cmake", "-G", "Ninja", "-S", source, "-B", build,
                "-Dedgecc_DIR=" + package, *flags], options.timeout)


def build_tree(options, folder):
    return os.path.dirname(os.path.abspath(options.bin))


def installed(options, folder):
    prefix = os.path.join(folder, "prefix")
    suite.must(["cmake", "--install", build_tree(options, folder), "--prefix",
                prefix], options.timeout)
    return os.path.join(prefix, "lib", "cmake", "edgecc")


def program(options, package, cpu, flags=(), runner=()):
    """The project's program prints what ONNX Runtime computes."""
    with tempfile.TemporaryDirectory() as folder:
        build = os.path.join(folder, "build")
        configure(options, package(options, folder), PROJECT, build,
                  "-DDIGITS_MODEL=" + MODEL, "-DDIGITS_CPU=" + cpu, *flags)
        suite.must(["cmake", "--build", build], options.timeout)
        again = suite.must(["cmake", "--build", build], options.timeout)
        if "no work to do" not in again.stdout:
            raise suite.Failure("is built twice: " + again.stdout[:100])
        return read(options, [*runner, os.path.join(build, "reader")])


def read(options, reader):
    """What the program prints of an image is what ONNX Runtime computes."""
    image = np.linspace(0, 1, 64, dtype=np.float32)
    printed = suite.must([*reader, *(f"{x:.9g}" for x in image)],
                         options.timeout)
    session = onnxruntime.InferenceSession(
        MODEL, providers=["CPUExecutionProvider"])
    shape = session.get_inputs()[0].shape[1:]
    [wanted] = session.run(None, {session.get_inputs()[0].name:
                                  image.reshape(1, *shape)})
    got = np.array(printed.stdout.split(), np.float32)
    return suite.compare(got.reshape(wanted.shape), wanted, relative=1e-5)


def bound(options, language, source, *command):
    """A program of that language, with what --bindings writes."""
    if not shutil.which(command[0]):
        raise suite.Skip(command[0] + " is not installed")
    with tempfile.TemporaryDirectory() as folder:
        suite.must([os.path.join(options.bin, "edgecc"), MODEL,
                    "--name=digits", "--bindings=" + language, "-o",
                    os.path.join(folder, "digits.o")], options.timeout)
        shutil.copy(os.path.join(PROJECT, source), folder)
        suite.must([*command, source, "-o", "reader"], options.timeout,
                   cwd=folder)
        return read(options, [os.path.join(folder, "reader")])


def without_system(options):
    """A library for a core without a system, from a project that has no
    compiler that could link."""
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "CMakeLists.txt"), "w") as f:
            f.write("cmake_minimum_required(VERSION 3.20)\n"
                    "project(firmware LANGUAGES C)\n"
                    "find_package(edgecc REQUIRED)\n"
                    f"edgecc_add_model(digits {MODEL} MCPU cortex-m4\n"
                    "  NAME net FLAGS -Os)\n"
                    "file(WRITE ${CMAKE_BINARY_DIR}/use.c\n"
                    "  \"#include <net.h>\\nint bytes = NET_ARENA_BYTES;\\n\")\n"
                    "add_library(use STATIC ${CMAKE_BINARY_DIR}/use.c)\n"
                    "target_link_libraries(use PRIVATE digits)\n")
        build = os.path.join(folder, "build")
        target = "--target=thumbv7em-none-eabihf"
        configure(options, build_tree(options, folder), folder, build,
                  "-DCMAKE_SYSTEM_NAME=Generic", "-DCMAKE_C_COMPILER=clang-22",
                  "-DCMAKE_C_FLAGS=" + target,
                  "-DCMAKE_TRY_COMPILE_TARGET_TYPE=STATIC_LIBRARY")
        suite.must(["cmake", "--build", build], options.timeout)
        symbols = suite.must(["/usr/lib/llvm-22/bin/llvm-nm", "-g",
                              os.path.join(build, "libdigits.a")]).stdout
        if " T net_run" not in symbols or " U " in symbols:
            raise suite.Failure("symbols: " + symbols[:200])
        return "net_run"


def refused(options, call, wanted):
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "CMakeLists.txt"), "w") as f:
            f.write("cmake_minimum_required(VERSION 3.20)\n"
                    "project(wrong LANGUAGES C)\n"
                    f"find_package(edgecc REQUIRED)\n{call}\n")
        p = configure(options, build_tree(options, folder), folder,
                      os.path.join(folder, "build"), check=False)
        text = " ".join(p.stderr.split())
        if p.returncode == 0 or wanted not in text:
            raise suite.Failure(f"exit {p.returncode}: {text[:200]}")
        return wanted


def main():
    parser = suite.parser(__doc__)
    parser.add_argument("--kit-tools", default=os.path.join(
        os.path.dirname(sys.prefix), "venv-kits", "bin"),
        help="the programs of utils/requirements-kits.txt")
    options = parser.parse_args()
    arm = ["-DCMAKE_SYSTEM_NAME=Linux", "-DCMAKE_SYSTEM_PROCESSOR=aarch64",
           "-DCMAKE_C_COMPILER=aarch64-linux-gnu-gcc",
           "-DCMAKE_EXE_LINKER_FLAGS=-static"]
    tests = [
        ("build-tree", functools.partial(program, options, build_tree,
                                         "native")),
        ("installed", functools.partial(program, options, installed,
                                        "x86-64-v2")),
        ("cross-compiled", functools.partial(
            program, options, installed, "cortex-a72", arm,
            ["qemu-aarch64"])),
        ("without-system", functools.partial(without_system, options)),
    ]
    for name, call, wanted in [
            ("no-cpu", f"edgecc_add_model(net {MODEL})",
             "edgecc_add_model(net): expects MCPU and a CPU"),
            ("no-model", "edgecc_add_model(net none.onnx MCPU native)",
             "edgecc_add_model(net): no such file"),
            ("unknown-word", f"edgecc_add_model(net {MODEL} MCPU native FOO)",
             "edgecc_add_model(net): unknown: FOO")]:
        tests.append(("refused-" + name,
                      functools.partial(refused, options, call, wanted)))
    tests += [
        ("c++", functools.partial(
            bound, options, "c++", "reader.cpp", "c++", "-std=c++20", "-Wall",
            "-Wextra", "-Wpedantic", "-Werror", "digits.o")),
        ("rust", functools.partial(
            bound, options, "rust", "reader.rs", "rustc", "-Dwarnings",
            "-Clink-arg=digits.o")),
    ]
    tests += [("kit-" + system.__name__,
               functools.partial(system, options)) for system in kits.SYSTEMS]
    return suite.run(tests, options)


if __name__ == "__main__":
    sys.exit(main())
