# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Networks with NPUs, in this process and on a Cortex-M55 without a system in an
emulator. A part of the suite npu."""
import json
import os
import tempfile

import compiled
import suite

BOARD_FILES = os.path.join(suite.ROOT, "compiler", "run", "board")
INCLUDE = os.path.join(suite.ROOT, "runtime", "include")


def c_array(name, data):
    return (f"static const unsigned char {name}[] "
            "__attribute__((aligned(16))) = {" +
            ",".join(map(str, data)) + "};\n")


def placed_outputs(options, path, feeds, least, flags, *of_runs):
    """The results, and what the report says of the NPU, which has to have at
    least so many operations. `of_runs` as of compiled.outputs."""
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "report.json")
        got = compiled.outputs(options, path, feeds,
                               [*flags, "--report=" + report], *of_runs)
        with open(report, encoding="utf-8") as f:
            placed = json.load(f)["npu"]
    if placed["operations"] < least:
        raise suite.Failure(f"{placed['operations']} operations on the NPU, "
                            f"expected {least}: {placed['on_cpu']}")
    return got, placed


def run(options, path, flags, undefined, data, sources, compile_flags=()):
    """Links the network, which leaves the names `undefined`, with C files that
    include network.h and data.h, and runs that. It has to return success."""
    with tempfile.TemporaryDirectory() as folder:
        def at(name):
            return os.path.join(folder, name)
        suite.must([os.path.join(options.bin, "edgecc"), path, "-o",
                    at("network.o"), "--name=network", *flags,
                    "-mcpu=cortex-m55"], options.timeout)
        names = suite.must(["llvm-nm-22", "-u", at("network.o")]).stdout
        if sorted(n for n in names.split() if n != "U") != undefined:
            raise suite.Failure(f"undefined: {names}")
        with open(at("data.h"), "w", encoding="utf-8") as f:
            f.write(data)
        with open(at("memory.ld"), "w", encoding="utf-8") as f:
            f.write("MEMORY {\n"
                    "VECTORS : ORIGIN = 0x10000000, LENGTH = 1K\n"
                    "CODE : ORIGIN = 0x11000000, LENGTH = 2M\n"
                    "RAM : ORIGIN = 0x31000000, LENGTH = 2M\n}\n")
        objects = [at("network.o")]
        for source in (*sources, os.path.join(BOARD_FILES, "start_arm_m.c")):
            objects.append(at(os.path.basename(source) + ".o"))
            suite.must(["clang-22", "--target=thumbv8.1m.main-none-eabihf",
                        "-mcpu=cortex-m55", "-mfloat-abi=hard", "-std=c11",
                        "-O2", "-ffreestanding", "-fno-builtin",
                        "-ffp-contract=off", "-I", folder, "-I", BOARD_FILES,
                        "-I", INCLUDE, *compile_flags, "-c", source, "-o",
                        objects[-1]])
        suite.must(["ld.lld-22", "--static", "--gc-sections", "-T",
                    at("memory.ld"), "-T", os.path.join(BOARD_FILES,
                                                        "board.ld"),
                    "-o", at("image"), *objects])
        suite.must(["qemu-system-arm", "-M", "mps3-an547", "-display", "none",
                    "-monitor", "none", "-serial", "none",
                    "-semihosting-config", "enable=on,target=native",
                    "-kernel", at("image")], 240)
