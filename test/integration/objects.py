#!/usr/bin/env python3
# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What every object and header promises, for a network on every CPU.

The object asks for no symbol, defines only symbols with the network's prefix,
has no writable memory, has no instruction that its CPU lacks, and comes out the
same when it is compiled twice. The header compiles as C99 and C++ without a
warning, and so does its example. Modules of WebAssembly run under Node, and in
Chromium where that is installed.
"""
import functools
import json
import os
import re
import shutil
import sys
import tempfile

sys.path[:0] = [os.path.join(os.path.dirname(__file__), "..", folder)
                for folder in ("support", "benchmark")]
import models
import networks
import suite

LLVM = "/usr/lib/llvm-22/bin"
CPUS = """
x86-64 x86-64-v2 x86-64-v3 x86-64-v4 native cortex-a53 cortex-a55 cortex-a72
cortex-a76 cortex-a78 neoverse-n1 neoverse-v1 cortex-a7 rv64gc rv64gcv rv32imc
rv32imac rv32imafc cortex-m0 cortex-m0plus cortex-m3 cortex-m4 cortex-m7
cortex-m23 cortex-m33 cortex-m55 cortex-m85 wasm32
""".split()
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only"]


DIGITS = os.path.join(suite.MODELS, "digits_cnn.onnx")


def compile_network(options, folder, name, *flags, model=DIGITS):
    target = os.path.join(folder, name + ".o")
    p = suite.must([os.path.join(options.bin, "edgecc"), model, "--name=digits", "-o", target, *flags], options.timeout)
    if p.stdout or p.stderr:
        raise suite.Failure("says something: " + (p.stdout + p.stderr)[:100])
    with open(target, "rb") as f, open(target[:-2] + ".h") as h:
        return target, f.read(), h.read()


# The disassembler of x86 knows all instructions whatever the CPU; what shows
# that an instruction belongs to an extension, by clang's macro for that.
X86_EXTENSIONS = {
    "__AVX512F__": r"%(zmm|[xy]mm(1[6-9]|2\d|3[01])|k[0-7])\b",
    "__AVX__": r"\tv[a-z]|%ymm",
    "__FMA__": r"\tvfn?m(add|sub)",
    "__F16C__": r"\tvcvtp[hs]2p[hs]",
    "__SSE4_1__": r"\t(round[ps][sd]|pmulld|blendvp[sd]|dpp[sd]|p(min|max)s[bd]|"
              r"p(min|max)u[wd]|pmov[sz]x|insertps|pinsr[bdq]|pextr[bdq])\b",
    "__SSSE3__": r"\t(pshufb|pmaddubsw|pmulhrsw|phadd\w+|pabs[bwd]|palignr)\b",
    "__SSE3__": r"\t(haddp[sd]|movddup|movs[hl]dup|lddqu|addsubp[sd])\b",
    "__AMX_TILE__": r"%tmm",
}


def foreign_instructions(target, machine, folder):
    """The lines of the disassembly that a CPU cannot run."""
    # What the object says of itself must not decide.
    plain = os.path.join(folder, "plain.o")
    suite.must([LLVM + "/llvm-objcopy", "--remove-section=.ARM.attributes",
                "--remove-section=.riscv.attributes", target, plain])
    options = ["--triple=" + machine["triple"], "--mcpu=" + machine["cpu"]]
    if machine["features"]:
        options.append("--mattr=" + machine["features"])
    lines = suite.must([LLVM + "/llvm-objdump", "-d", "--no-show-raw-insn",
                        *options, plain]).stdout.splitlines()
    found = [line for line in lines if "<unknown>" in line]
    if machine["triple"].startswith("x86_64"):
        flags = ["--target=x86_64", "-march=" + machine["cpu"]]
        for feature in filter(None, machine["features"].split(",")):
            flags += ["-Xclang", "-target-feature", "-Xclang", feature]
        macros = suite.must(["clang-22", *flags, "-dM", "-E", "-x", "c",
                             os.devnull]).stdout
        missing = [p for m, p in X86_EXTENSIONS.items() if m not in macros]
        found += [line for line in lines
                  if any(re.search(p, line) for p in missing)]
    return found


def check_symbols(target):
    undefined = suite.must([LLVM + "/llvm-nm", "-u", target]).stdout.split()
    # Every WebAssembly object imports its memory, stack and table from the
    # linker.
    undefined = [s for s in undefined
                 if s != "U" and s not in ("__linear_memory", "__stack_pointer",
                                           "__indirect_function_table")]
    if undefined:
        raise suite.Failure("undefined: " + " ".join(undefined))
    listing = suite.must([LLVM + "/llvm-nm", "-g", "--defined-only", target])
    for line in listing.stdout.splitlines():
        name = line.split()[-1]
        if not name.startswith("digits_"):
            raise suite.Failure("public symbol " + name)
    # Tables of pointers may be in .data.rel.ro, which loaders make constant.
    sizes = suite.must([LLVM + "/llvm-size", "-A", target]).stdout
    for line in sizes.splitlines():
        found = re.match(r"(\.s?(data|bss)\S*)\s+(\d+)", line)
        if found and int(found.group(3)) and \
                not found.group(1).startswith(".data.rel.ro"):
            raise suite.Failure("writable memory: " + line)


def check_header(folder, header):
    user = os.path.join(folder, "user")
    for language, compiler, standard in [("c", "clang-22", "c99"),
                                         ("c", "clang-22", "c11"),
                                         ("c++", "clang++-22", "c++11")]:
        with open(user, "w") as f:
            f.write(f'#include "{header}"\n#include "{header}"\n'
                    "int unused_unit(void);\nint unused_unit(void) "
                    "{ return 0; }\n")
        suite.must([compiler, "-x", language, "-std=" + standard, *WARNINGS,
                    "-I", folder, user])


def check_example(folder, text, header):
    """Compiles the lines between 'Example:' and the end of that comment."""
    found = re.search(r"Example[^\n]*:\n(.*?)\*/", text, re.S)
    if not found:
        raise suite.Failure("the header has no example")
    lines = [re.sub(r"^ ?\*? ?", "", line)
             for line in found.group(1).splitlines()]
    user = os.path.join(folder, "example.c")
    with open(user, "w") as f:
        f.write("\n".join(lines) + "\n")
    suite.must(["clang-22", "-std=c99", *WARNINGS, "-I", folder, user])


def instructions(options, cpu, other):
    """The CPU has all instructions of its object; one that has fewer has not."""
    with tempfile.TemporaryDirectory() as folder:
        def compile_for(name):
            report = os.path.join(folder, name + ".json")
            target, _, _ = compile_network(options, folder, "digits", "-O3",
                                           "-mcpu=" + name,
                                           "--report=" + report)
            with open(report) as f:
                return target, json.load(f)["target"]

        # The other one first: both objects have one name.
        machine = compile_for(other)[1] if other else None
        target, own = compile_for(cpu)
        foreign = foreign_instructions(target, own, folder)
        if foreign:
            raise suite.Failure(f"{len(foreign)} instructions that it lacks: " +
                                foreign[0].strip())
        if machine and not foreign_instructions(target, machine, folder):
            raise suite.Failure(f"{other} would run it")


def integers(options, cpu):
    """The same of symbols and instructions, for kernels on integers."""
    with tempfile.TemporaryDirectory() as folder:
        model = os.path.join(folder, "quantized.onnx")
        report = os.path.join(folder, "report.json")
        networks.save(networks.quantized, model)
        target, _, _ = compile_network(
            options, folder, "digits", "-O3", "-mcpu=" + cpu,
            "-Wno-float-fallback", "--report=" + report, model=model)
        check_symbols(target)
        if cpu == "wasm32":
            return
        with open(report) as f:
            foreign = foreign_instructions(target, json.load(f)["target"],
                                           folder)
        if foreign:
            raise suite.Failure(f"{len(foreign)} instructions that it lacks: " +
                                foreign[0].strip())


def promises(options, cpu):
    with tempfile.TemporaryDirectory() as folder:
        other = os.path.join(folder, "again")
        os.mkdir(other)
        flag = f"-mcpu={cpu}"
        target, first, text = compile_network(options, folder, "digits", flag)
        _, second, again = compile_network(options, other, "digits", flag)
        if first != second or text != again:
            raise suite.Failure("compiling twice gives two objects or headers")
        check_symbols(target)
        check_header(folder, "digits.h")
        check_example(folder, text, "digits.h")
        return f"{len(first)} bytes"


def position_independent(options):
    """The object goes into a shared library when it is asked to."""
    with tempfile.TemporaryDirectory() as folder:
        target, _, _ = compile_network(options, folder, "digits", "-fPIC")
        suite.must(["clang-22", "-shared", "-nostdlib", "-Wl,-z,text", target,
                    "-fuse-ld=lld-22", "-o", os.path.join(folder, "lib.so")])


BROWSERS = ["chromium-headless-shell", "chromium"]
BROWSER_RUNNER = os.path.join(suite.ROOT, "test", "support",
                              "browser_runner.py")


def in_browser(options, features):
    """The module computes the same in a browser."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not browser:
        raise suite.Skip("no Chromium")
    return webassembly(options, features,
                       f"{sys.executable} {BROWSER_RUNNER} {browser}")


def webassembly(options, features, runner="node"):
    """The module computes what x86-64 does, and has vectors if it may."""
    with tempfile.TemporaryDirectory() as folder:
        flags = ["-mcpu=wasm32"] + [f"-mattr={f}" for f in features]
        target, _, _ = compile_network(options, folder, "digits", *flags)
        code = suite.must([LLVM + "/llvm-objdump", "-d", target]).stdout
        if ("v128." in code) != (not features):
            raise suite.Failure("vectors of 128 bits: " + str("v128." in code))
    name, path, feeds = next(models.own_networks())
    want = suite.edgecc_run(options, path, feeds[0], ["-mcpu=x86-64"])
    got = suite.edgecc_run(options, path, feeds[0], [*flags, "--runner=" + runner])
    return suite.compare(got[0], want[0], 1e-5)


def main():
    options = suite.parser(__doc__).parse_args()
    tests = [(cpu + suffix, functools.partial(test, options, cpu))
             for suffix, test in (("", promises), (" integers", integers))
             for cpu in CPUS]
    lesser = {"x86-64-v3": "x86-64-v2", "x86-64-v4": "x86-64-v3",
              "rv64gcv": "rv64gc",
              "rv32imafc": "rv32imc", "cortex-m3": "cortex-m0",
              "cortex-m4": "cortex-m3", "cortex-m55": "cortex-m33"}
    tests += [(cpu + " instructions",
               functools.partial(instructions, options, cpu, lesser.get(cpu)))
              for cpu in CPUS if cpu != "wasm32"]
    for name, features in [("wasm32", []),
                           ("wasm32 without simd128", ["-simd128"])]:
        tests += [(f"{name} {where}", functools.partial(run, options, features))
                  for where, run in [("under Node", webassembly),
                                     ("in Chromium", in_browser)]]
    tests.append(("fPIC", functools.partial(position_independent, options)))
    return suite.run(tests, options)


if __name__ == "__main__":
    sys.exit(main())
