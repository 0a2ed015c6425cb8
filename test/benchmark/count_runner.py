#!/usr/bin/env python3
# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A runner for edgecc-run that counts what a network executes.

usage: count_runner.py PLUGIN OUT QEMU [ARGUMENT...] PROGRAM INPUTS OUTPUTS
                       REPS VALUES

Runs the program under QEMU with count_plugin and writes to OUT the number of
instructions of the network itself: not of the program around it.
"""
import subprocess
import sys


def network_range(program):
    """The addresses from the first to the last function of the object: it has
    one section of code, and its entry points and kernels have names."""
    text = subprocess.run(["llvm-nm-22", "--print-size", "--defined-only",
                           program], capture_output=True, text=True,
                          check=True).stdout
    begin, end = 1 << 64, 0
    for line in text.splitlines():
        parts = line.split()
        if len(parts) != 4 or parts[2] not in "tT":
            continue
        if parts[3].startswith(("kernel_", "network_")) or \
                parts[3] == "network":
            address, size = int(parts[0], 16), int(parts[1], 16)
            begin, end = min(begin, address), max(end, address + size)
    if not end:
        sys.exit(f"{program}: no function of a network")
    return begin, end


def main():
    plugin, out, *command = sys.argv[1:]
    program = len(command) - 5
    begin, end = network_range(command[program])
    command[program:program] = [
        "-plugin", f"{plugin},out={out},range={begin:#x}-{end:#x}"]
    sys.exit(subprocess.run(command).returncode)


if __name__ == "__main__":
    main()
