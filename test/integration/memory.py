#!/usr/bin/env python3
# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Holds networks to the memory contract of their headers, on this machine.

memory_contract.c runs each network between pages that cannot be accessed, twice
with different contents of the arena, and calls it wrongly. The stack may be used
at most as far as stated, and the arena, for the oldest CPU, must be used up to
its last aligned block, unless it ends with scratch memory of one layer: its last
rows can be spare. utils/check-plan must agree with the plan in the report.

Two networks that take turns in one arena compute what each does by itself.

With a memory map, a network is linked for boards with regions of exactly the sizes
that its plan states, and computes the same there: with copies of constants that
the object makes itself, and with hooks for them.
"""
import functools
import json
import os
import subprocess
import sys
import tempfile

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import models
import suite

HERE = os.path.dirname(os.path.abspath(__file__))
ARENA_ALIGN = 64


def element_bytes(path, feed):
    """The bytes of the inputs in the order of the graph."""
    order = [i.name for i in models.session(path, False).get_inputs()]
    return b"".join(np.ascontiguousarray(feed[name]).tobytes()
                    for name in order)


def ends_with_scratch(report):
    """Whether what lies last in the arena lives during one layer only."""
    with open(report) as f:
        buffers = json.load(f)["buffers"]
    last = max(buffers, key=lambda b: b["offset"] + b["bytes"])
    return last["first"] == last["last"]


def contract(options, path, feed, cpu):
    with tempfile.TemporaryDirectory() as folder:
        target = os.path.join(folder, "network.o")
        report = os.path.join(folder, "report.json")
        shapes = [f"--shape={name}:" + "x".join(map(str, np.shape(array)))
                  for name, array in feed.items()
                  if models.has_open_shape(path, name) and np.ndim(array)]
        suite.must([os.path.join(options.bin, "edgecc"), path, "-o", target,
                    "--name=network", "--report=" + report, "-mcpu=" + cpu,
                    *shapes],
                   options.timeout)
        suite.must([sys.executable,
                    os.path.join(suite.ROOT, "utils", "check-plan"), report])
        program = os.path.join(folder, "program")
        suite.must(["cc", "-std=c99", "-Wall", "-Wextra", "-Werror", "-O1",
                    "-I", folder, os.path.join(HERE, "memory_contract.c"),
                    target, "-o", program])
        inputs = os.path.join(folder, "inputs")
        with open(inputs, "wb") as f:
            f.write(element_bytes(path, feed))
        p = suite.must([program, inputs], options.timeout)
        used, arena, stack, bound = map(int, p.stdout.split())
        if (cpu == "x86-64" and arena > 1 and used + ARENA_ALIGN <= arena and
                not ends_with_scratch(report)):
            raise suite.Failure(f"uses {used} of {arena} bytes of arena")
        if stack > bound:
            raise suite.Failure(f"takes {stack} bytes of stack, states {bound}")
        return f"arena {arena}, stack {stack} of {bound}"


def shared_arena(options, first, second):
    """Two networks, each a path and its feed, with one input and one output."""
    with tempfile.TemporaryDirectory() as folder:
        def at(name):
            return os.path.join(folder, name)
        want, command = [], [at("program")]
        for name, (path, feed) in (("first", first), ("second", second)):
            suite.must([os.path.join(options.bin, "edgecc"), path,
                        "--name=" + name, "-mcpu=x86-64", "-o",
                        at(name + ".o")], options.timeout)
            want.append(suite.edgecc_run(options, path, feed,
                                         ["-mcpu=x86-64"])[0].tobytes())
            command.append(at(name + ".in"))
            with open(command[-1], "wb") as f:
                f.write(element_bytes(path, feed))
        suite.must(["cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-O1",
                    "-I", folder, os.path.join(HERE, "shared_arena.c"),
                    at("first.o"), at("second.o"), "-o", command[0]])
        got = subprocess.run(command, capture_output=True, check=True).stdout
    if got != want[0] + want[1] + want[0]:
        raise suite.Failure("other results than by themselves")
    return ""


# A fast and a slow memory of boards, beside what board.ld uses.
BOARDS = {
    "mps2-an500": ("cortex-m7", 0x20000000, 0x20100000),
    "mps2-an505": ("cortex-m33", 0x38000000, 0x38100000),
    "mps3-an547": ("cortex-m55", 0x30000000, 0x31100000),
}
# Vectors, code and RAM.
BASES = {"mps2-an500": (0, 0x400, 0x60000000),
         "mps2-an505": (0x10000000, 0x10000400, 0x80000000),
         "mps3-an547": (0x10000000, 0x11000000, 0x31000000)}
WEIGHTS_AFTER = 0x80000
BOARD_FILES = os.path.join(suite.ROOT, "compiler", "run", "board")


def c_array(name, data):
    return (f"static const unsigned char {name}[] "
            "__attribute__((aligned(16))) = {" +
            ",".join(map(str, data)) + "};\n")


def linker_script(board, memory):
    """Regions that have no byte to spare."""
    vectors, code, ram = BASES[board]
    _, fast, slow = BOARDS[board]
    sizes = {region["name"]: region["bytes"] for region in memory["regions"]}
    rows = [("VECTORS", vectors, 1024), ("CODE", code, WEIGHTS_AFTER),
            ("WEIGHTS", code + WEIGHTS_AFTER, memory["weight_bytes"]),
            ("RAM", ram, 1 << 16), ("FAST", fast, sizes["fast"]),
            ("SLOW", slow, sizes["slow"])]
    return ("MEMORY {\n" +
            "".join(f"{name} : ORIGIN = {origin}, LENGTH = {length}\n"
                    for name, origin, length in rows) + "}\nSECTIONS {\n"
            ".fast (NOLOAD) : { *(.fast) } > FAST\n"
            ".slow (NOLOAD) : { *(.slow) } > SLOW\n"
            ".weights : { *(.model_weights) } > WEIGHTS\n}\n"
            "INCLUDE board.ld\n")


def regions(options, path, feed, board, fast_bytes, has_dma):
    """Links for memories of exactly the sizes of the plan; with a DMA, layers run
    one by one."""
    cpu = BOARDS[board][0]
    want = suite.edgecc_run(options, path, feed, ["-mcpu=x86-64"])[0]
    with tempfile.TemporaryDirectory() as folder:
        def at(name):
            return os.path.join(folder, name)
        with open(at("map.json"), "w") as f:
            json.dump({**({"dma_bytes_per_cycle": 2} if has_dma else {}),
                       "regions": [
                           {"name": "slow", "size": "1M"},
                           {"name": "fast", "size": fast_bytes,
                            "bytes_per_cycle": 4},
                           {"name": "flash", "size": "1M", "access": "r",
                            "section": ".model_weights"}]}, f)
        suite.must([os.path.join(options.bin, "edgecc"), path, "-o",
                    at("network.o"), "--name=network",
                    "-Wno-float-fallback", "-mcpu=" + cpu,
                    *(["-flayer-steps"] if has_dma else []),
                    "--memory-map=" + at("map.json"),
                    "--report=" + at("report.json")], options.timeout)
        suite.must([sys.executable, os.path.join(suite.ROOT, "utils",
                                                 "check-plan"),
                    at("report.json")])
        # In one arena, for callers that know any network.
        got = suite.edgecc_run(options, path, feed, [
            "-mcpu=x86-64", "--memory-map=" + at("map.json")])[0]
        if not np.array_equal(got, want):
            raise suite.Failure("other results in one arena")
        with open(at("report.json")) as f:
            report = json.load(f)
        with open(at("data.h"), "w") as f:
            f.write(c_array("input", element_bytes(path, feed)))
            f.write(c_array("expected", want.tobytes()))
        with open(at("memory.ld"), "w") as f:
            f.write(linker_script(board, report["memory"]))
        copies = len(report.get("copies", []))
        if not copies:
            raise suite.Failure("no copies of constants")
        for hooks in [], [f"-DCOPIES={copies}"]:
            run_on_board(board, report["target"]["triple"], folder,
                         [*hooks, *(["-DSTEPS"] if has_dma else [])])
    return ", ".join(f"{region['name']} {region['bytes']}"
                     for region in report["memory"]["regions"]) + \
        f", {copies} copies"


def run_on_board(board, triple, folder, flags):
    """Links the network and regions.c, compiled with `flags`, and runs both."""
    def at(name):
        return os.path.join(folder, name)
    objects = [at("network.o")]
    for source in (os.path.join(HERE, "regions.c"),
                   os.path.join(BOARD_FILES, "start_arm_m.c")):
        objects.append(at(os.path.basename(source) + ".o"))
        suite.must(["clang-22", "--target=" + triple, "-mcpu=" +
                    BOARDS[board][0], "-mfloat-abi=" +
                    ("hard" if triple.endswith("hf") else "soft"), "-std=c99",
                    "-O1", "-ffreestanding", "-fno-builtin", *flags, "-I",
                    folder, "-I", BOARD_FILES, "-c", source, "-o",
                    objects[-1]])
    suite.must(["ld.lld-22", "--static", "--gc-sections", "-L", BOARD_FILES,
                "-T", at("memory.ld"), "-o", at("image"), *objects])
    suite.must(["qemu-system-arm", "-M", board, "-display", "none",
                "-monitor", "none", "-serial", "none", "-semihosting-config",
                "enable=on,target=native", "-kernel", at("image")], 120)


def main():
    p = suite.parser(__doc__)
    p.add_argument("--zoo", default="")
    p.add_argument("--scratch", default=os.path.join(suite.ROOT, "build",
                                                     "test", "zoo"))
    p.add_argument("--all", action="store_true",
                   help="all networks of the zoo, not one of each kind")
    options = p.parse_args()
    os.makedirs(options.scratch, exist_ok=True)
    networks = list(models.own_networks())
    if options.zoo:
        networks += models.zoo_networks(options.zoo, options.scratch)
    turns = [(path, feeds[0]) for name, path, feeds in networks
             if name in ("digits_cnn", "mlperf_kws_dscnn_int8")]
    tests = [("two networks in one arena", functools.partial(
        shared_arena, options, turns[0], turns[-1]))]
    for name, path, feeds in networks:
        if feeds is None or \
                (name not in models.REPRESENTATIVE and not options.all):
            continue
        for cpu in ["x86-64", "native"]:
            tests.append((f"{name} {cpu}", functools.partial(
                contract, options, path, feeds[0], cpu)))
        if name == "mlperf_ic_resnet8_int8":
            tests += [(f"{name} {board} {kib}K" + (" DMA" if dma else ""),
                       functools.partial(regions, options, path, feeds[0],
                                         board, kib << 10, dma))
                      for board in BOARDS
                      for kib, dma in ((8, False), (48, False), (48, True))]
    return suite.run(tests, options)


if __name__ == "__main__":
    sys.exit(main())
