#!/usr/bin/env python3
# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""ONNX's own tests: small models, with inputs and the outputs they must have.

All of them have to pass, with the tolerance that the test itself states, but
for those that exceptions.txt lists with a reason; these have to fail: what
begins to work leaves the list, with --write. With --board they run on a
microcontroller, those that have the memory there.
"""
import functools
import sys

import cases
import suite

# What the program on a board says, or the linker.
TOO_LARGE = ["too little memory for this network", "will not fit in region"]


def main():
    p = suite.parser(__doc__)
    p.add_argument("--write", action="store_true",
                   help="make the list from what does not pass")
    p.add_argument("--families", nargs="*", default=cases.FAMILIES,
                   choices=cases.FAMILIES)
    p.add_argument("--board", help="run on this board, which QEMU emulates")
    p.add_argument("--every", type=int, default=1, metavar="N",
                   help="only the first of each N tests")
    options = p.parse_args()
    flags = [f"--board={options.board}"] if options.board else []
    listed = cases.read_exceptions()
    found = cases.load(options.families)
    failures = {}

    def test(name):
        try:
            cases.check(options, found[name], flags)
        except suite.Failure as e:
            if flags and any(text in str(e) for text in TOO_LARGE):
                raise suite.Skip(TOO_LARGE[0])
            failures[name] = str(e)
            if name in listed or options.write:
                raise suite.Skip(listed.get(name) or str(e))
            raise
        if name in listed and not options.write:
            raise suite.Failure("passes, but is in exceptions.txt")

    gone = sorted(n for n in listed if n.partition("/")[0] in (
        options.families if "/" in n else [n]) and n not in found)
    if gone and "node" in options.families:
        sys.exit("exceptions.txt lists what ONNX does not have: " +
                 ", ".join(gone))
    status = suite.run([(n, functools.partial(test, n))
                        for n in sorted(found)[::options.every]], options)
    if options.write:
        ran = set(options.names or sorted(found)[::options.every])
        kept = {n: r for n, r in listed.items() if n not in ran}
        kept.update((n, listed.get(n, reason))
                    for n, reason in failures.items())
        with open(cases.EXCEPTIONS) as f:
            head = [line for line in f if line.startswith("#")]
        with open(cases.EXCEPTIONS, "w") as f:
            f.writelines(head)
            f.writelines(f"{n}: {' '.join(kept[n].split())}\n"
                         for n in sorted(kept))
    return status


if __name__ == "__main__":
    sys.exit(main())
