# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Quantised networks have the same bits on every CPU.

A network is compiled for each CPU and run on the same numbers, the same number of
times, natively or under QEMU's emulation of a Linux process.
"""
import hashlib
import os
import shutil
import subprocess
import tempfile

import suite
import tiles

SOURCE = os.path.join(os.path.dirname(__file__), "identity.c")
MICRO = ("clang-22 --target=arm-none-eabi -mthumb -mfloat-abi=hard -nostdlib "
         "-static -fuse-ld=lld -Wl,-e,_start,-z,noexecstack ")
# What the system calls the instructions that few machines have.
NEEDED = {"cooperlake": "avx512_bf16", "alderlake": "avx_vnni"}
# A CPU, what compiles its program, and what runs it.
TARGETS = [
    ("x86-64", "cc", ""), ("x86-64-v3", "cc", ""), ("x86-64-v4", "cc", ""),
    ("cooperlake", "cc", ""), ("alderlake", "cc", ""),
    ("native", "cc", ""), (tiles.CPU, "cc", "tiles"),
    ("cortex-a72", "aarch64-linux-gnu-gcc -static", "qemu-aarch64"),
    ("cortex-a76", "aarch64-linux-gnu-gcc -static", "qemu-aarch64 -cpu max"),
    ("neoverse-v1", "aarch64-linux-gnu-gcc -static", "qemu-aarch64 -cpu max"),
    ("a64fx -msve-vector-bits=512", "aarch64-linux-gnu-gcc -static",
     "qemu-aarch64 -cpu max,sve-default-vector-length=64"),
    ("rv64gcv", "riscv64-linux-gnu-gcc -static",
     "qemu-riscv64 -cpu rv64,v=true,vlen=128,vext_spec=v1.0"),
    # No emulated Linux has these CPUs: one of another profile knows all that
    # the first has, the second is on a board.
    ("cortex-m4", MICRO + "-mcpu=cortex-m4", "qemu-arm -cpu max"),
    ("cortex-m55", MICRO + "-mcpu=cortex-m55 -DSEMIHOSTING "
     "-Wl,--section-start=.vectors=0x10000000,-Ttext=0x11000000,"
     "-Tdata=0x31000000",
     "qemu-system-arm -M mps3-an547 -nographic -semihosting -kernel")]


def digest(options, path, runs, target, flags=()):
    """The number of bytes that `runs` runs give, and their hash."""
    cpu, compiler, runner = target
    for tool in (compiler.split()[0], *runner.split()[:1]):
        if tool != "tiles" and not shutil.which(tool):
            raise suite.Skip(tool + " is not installed")
    with open("/proc/cpuinfo") as f:
        if NEEDED.get(cpu, "") not in f.read():
            raise suite.Skip("this CPU lacks " + NEEDED[cpu])
    with tempfile.TemporaryDirectory() as folder:
        if runner == "tiles":
            runner = tiles.build_runner(folder)
        suite.must([os.path.join(options.bin, "edgecc"), path, "--name=network",
                    *f"-mcpu={cpu}".split(), *flags, "-Wno-float-fallback",
                    "-o", os.path.join(folder, "network.o")], options.timeout)
        program = os.path.join(folder, "program")
        suite.must([*compiler.split(), "-O1", f"-DRUNS={runs}", "-I" + folder,
                    SOURCE, os.path.join(folder, "network.o"), "-o", program])
        with subprocess.Popen([*runner.split(), program],
                              stdout=subprocess.PIPE) as process:
            sha, count = hashlib.sha256(), 0
            while piece := process.stdout.read(1 << 20):
                sha.update(piece)
                count += len(piece)
        if process.returncode:
            raise suite.Failure(f"status {process.returncode}")
        return count, sha.hexdigest()


def same_everywhere(options, path, runs, targets=TARGETS, flags=()):
    """Failure unless all CPUs whose tools are here give the same bits."""
    first, skipped = None, []
    for target in targets:
        try:
            found = digest(options, path, runs, target, flags)
        except suite.Skip:
            skipped.append(target[0])
            continue
        first = first or found
        if found != first:
            raise suite.Failure(f"other bits on {target[0]} than on "
                                f"{targets[0][0]}")
    text = f"{first[0]} bytes on {len(targets) - len(skipped)} CPUs"
    return text + (f", not on {', '.join(skipped)}" if skipped else "")
