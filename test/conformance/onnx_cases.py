#!/usr/bin/env python3
# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""ONNX's own tests: small models, with inputs and the outputs they must have.

All of them have to pass, with the tolerance that the test itself states, but
for those that exceptions.txt lists with a reason; these have to fail: what
begins to work leaves the list, with --write. With --mcpu and --runner they run
on another CPU, with --board on a microcontroller, those that have the memory
there. Cases that stop an emulator stand in a list of their own.
"""
import functools
import sys

import batches
import cases
import suite


def main():
    p = suite.parser(__doc__)
    p.add_argument("--write", action="store_true",
                   help="make the list from what does not pass")
    p.add_argument("--families", nargs="*", default=cases.FAMILIES,
                   choices=cases.FAMILIES)
    cases.add_machine(p)
    p.add_argument("--every", type=int, default=1, metavar="N",
                   help="only the first of each N tests")
    p.add_argument("--batch", type=int, default=1, metavar="N",
                   help="compile and run up to N tests at once; those that do "
                   "not pass then run alone")
    options = p.parse_args()
    flags = cases.machine_flags(options)
    listed = cases.read_exceptions()
    emulator = cases.emulator_exceptions(options)
    found = cases.load(options.families)
    failures = {}

    def test(name):
        if name in emulator:
            raise suite.Skip(cases.check_emulated(options, found[name],
                                                  emulator[name]))
        if name in batch and name in batch[name].passed():
            return
        try:
            cases.check(options, found[name], flags)
        except suite.Failure as e:
            if options.board and any(t in str(e) for t in cases.TOO_LARGE):
                raise suite.Skip(cases.TOO_LARGE[0])
            failures[name] = str(e)
            if name in listed or options.write:
                raise suite.Skip(listed.get(name) or str(e))
            raise
        if name in listed and not options.write:
            raise suite.Failure("passes, but is in exceptions.txt")

    gone = sorted(n for n in listed | emulator if n.partition("/")[0] in (
        options.families if "/" in n else [n]) and n not in found)
    if gone and "node" in options.families:
        sys.exit("listed, but ONNX does not have it: " +
                 ", ".join(gone))
    names = sorted(found)[::options.every]
    if options.names:
        names = [n for n in names if n in options.names]
    batch = batches.make(options, flags, [
        found[n] for n in names if n not in listed | emulator], options.batch)
    status = suite.run([(n, functools.partial(test, n)) for n in names],
                       options)
    if options.write:
        ran = set(names)
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
