# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The tests of onnx.backend.test, and whether edgecc passes one.

A case is (name, model, data sets, tolerances); its operator is the one that it
is about. Names are those of ONNX, without "test_", with the family before it
unless that is "node".
"""
import glob
import os
import re
import sys
import warnings

import ml_dtypes
import numpy as np
import onnx
from onnx import numpy_helper

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support"),
                os.path.join(HERE, "..", "..", "utils")]
import edgecc_backend
import suite

FAMILIES = ("node", "simple", "pytorch-converted", "pytorch-operator", "light")
EXCEPTIONS = os.path.join(HERE, "exceptions.txt")

# What a program on a board says, or the linker, where the memory is too small.
TOO_LARGE = ["too little memory for this network", "will not fit in region"]

# CPUs with a list of their own, and what passes its cases: these stop an
# emulator, which says so.
EMULATED = {"rv64gcv": "rv64gc"}
EMULATOR_STOPS = "decode_save_opc: Assertion"

# The references of attention round values of f16 and bf16 after each operation;
# the others compute in f32, as edgecc does.
ROUNDING = re.compile("attention"), "-fexcess-precision=none"

# What these give is drawn at random: their properties are checked.
RANDOM = re.compile("bernoulli|training_dropout(?!_zero)")


class Case:
    """One test; models of files are read when they are wanted."""

    def __init__(self, name, model, data_sets, rtol, atol, folder=None):
        self.name, self.rtol, self.atol = name, rtol or 1e-3, atol or 1e-7
        self._model, self._data_sets, self.folder = model, data_sets, folder

    @property
    def model(self):
        if self._model is None:
            self._model = onnx.load(self.folder if self.folder.endswith(
                ".onnx") else os.path.join(self.folder, "model.onnx"))
        return self._model

    @property
    def inputs(self):
        """The inputs of the graph that are no initializers as well."""
        constants = {t.name for t in self.model.graph.initializer}
        return [i for i in self.model.graph.input if i.name not in constants]

    @property
    def data_sets(self):
        if self._data_sets is None:
            self._data_sets = list(self._read())
        return self._data_sets

    def _read(self):
        if self.folder.endswith(".onnx"):
            # The input of the light models is a ramp.
            shape = self.inputs[0].type.tensor_type.shape
            sizes = [d.dim_value for d in shape.dim]
            n = int(np.prod(sizes))
            ramp = (np.arange(n, dtype=np.float32) / n).reshape(sizes)
            yield [ramp], [read_value(self.folder[:-5] + "_output_0.pb",
                                      self.model.graph.output[0])]
            return
        for folder in sorted(glob.glob(
                os.path.join(self.folder, "test_data_set_*"))):
            def values(kind, infos):
                count = len(glob.glob(os.path.join(folder, kind + "_*.pb")))
                return [read_value(os.path.join(folder, f"{kind}_{i}.pb"),
                                   infos[i]) for i in range(count)]
            yield (values("input", self.inputs),
                   values("output", self.model.graph.output))

    @property
    def operator(self):
        """What a table counts it under."""
        ops = [n.op_type for n in self.model.graph.node]
        name = re.sub("[^a-z0-9]", "", self.name.lower())
        named = [op for op in ops if op.lower() in name]
        return max(named, key=len) if named else ops[0] if ops else "none"

    @property
    def domain(self):
        """The domain of the operator."""
        return next((n.domain for n in self.model.graph.node
                     if n.op_type == self.operator), "") or "ai.onnx"

    def compare(self, inputs, got, outputs):
        """Failure unless these are the outputs that the case expects."""
        wanted = list(flat(outputs))
        if len(got) != len(wanted):
            raise suite.Failure(f"{len(got)} outputs, not {len(wanted)}")
        for g, w in zip(got, wanted):
            if (g.shape, g.dtype) != (w.shape, w.dtype):
                raise suite.Failure(f"{g.dtype}{g.shape}, expected "
                                    f"{w.dtype}{w.shape}")
        if RANDOM.match(self.name):
            check_random(self, list(flat(inputs)), got)
            return
        for g, w in zip(got, wanted):
            if not np.allclose(numbers(g), numbers(w), self.rtol, self.atol,
                               equal_nan=True):
                raise suite.Failure("wrong values")


def read_value(path, info):
    with open(path, "rb") as f:
        data = f.read()
    kind = info.type.WhichOneof("value")
    if kind == "sequence_type":
        return numpy_helper.to_list(onnx.SequenceProto.FromString(data))
    if kind == "optional_type":
        return numpy_helper.to_optional(onnx.OptionalProto.FromString(data))
    return numpy_helper.to_array(onnx.TensorProto.FromString(data))


def load(families=FAMILIES):
    """The cases of the families by name."""
    warnings.simplefilter("ignore")
    cases = {}
    if "node" in families:
        # Collecting runs the code that documents the operators, which prints.
        stdout, sys.stdout = sys.stdout, open(os.devnull, "w")
        try:
            from onnx.backend.test.case.node import collect_testcases
            found = collect_testcases(None)
        finally:
            sys.stdout = stdout
        for c in found:
            name = c.name.removeprefix("test_")
            cases[name] = Case(name, c.model, c.data_sets, c.rtol, c.atol)
    data = os.path.join(os.path.dirname(onnx.__file__), "backend", "test",
                        "data")
    for family in families:
        folder = os.path.join(data, family)
        if family == "light":
            for path in sorted(glob.glob(os.path.join(folder, "*.onnx"))):
                name = "light/" + os.path.basename(path)[6:-5]
                cases[name] = Case(name, None, None, None, None, path)
        elif family != "node":
            for path in sorted(glob.glob(os.path.join(folder, "test_*"))):
                name = family + "/" + os.path.basename(path)[5:]
                cases[name] = Case(name, None, None, None, None, path)
    return cases


def add_machine(parser):
    """The options that say which machine runs the tests."""
    parser.add_argument("--mcpu", help="compile for this CPU")
    parser.add_argument("--runner", help="the program that runs its code")
    parser.add_argument("--board", help="run on this board, which QEMU emulates")


def machine_flags(options):
    """Those options for edgecc-run."""
    return [f"--{name}={value}" for name in ("mcpu", "runner", "board")
            if (value := getattr(options, name))]


def emulator_exceptions(options):
    """What stops the emulator of this machine: reasons by name."""
    path = EXCEPTIONS.replace(".txt", f"-{options.mcpu}.txt")
    return read_exceptions(path) if options.mcpu in EMULATED else {}


def read_exceptions(path=EXCEPTIONS):
    """What does not pass: reasons by name."""
    with open(path) as f:
        lines = [line.split(": ", 1) for line in f
                 if line.strip() and not line.startswith("#")]
    return {name.strip(): reason.strip() for name, reason in lines}


def flat(values):
    """The tensors of a list of values, sequences and optionals."""
    for value in values:
        if isinstance(value, (list, tuple)):
            yield from flat(value)
        elif isinstance(value, onnx.TensorProto):
            yield numpy_helper.to_array(value)
        elif value is not None:
            yield np.asarray(value)


def numbers(array):
    """An array with which NumPy can compute."""
    if any(array.dtype == t for t in edgecc_backend.EXTENDED.values()):
        return array.astype(np.float64)
    return array


def rounding(case):
    """The flags with which edgecc rounds as the reference of a case does."""
    names, flag = ROUNDING
    return [flag] if names.search(case.name) else []


def check(options, case, flags=()):
    """Failure unless edgecc computes what the case expects. Gives the names of
    the inputs whose values edgecc asked for."""
    model = edgecc_backend.Model(
        case.model, os.path.join(options.bin, "edgecc-run"),
        flags=[*flags, *rounding(case)], timeout=options.timeout,
        fix_operands=True)
    for inputs, outputs in case.data_sets:
        wanted = list(flat(outputs))
        if any(a.dtype.kind in "OUS" for a in [*flat(inputs), *wanted]):
            raise suite.Failure("strings")
        try:
            got = model.run(inputs)
        except RuntimeError as e:
            raise suite.Failure(str(e))
        case.compare(inputs, got, outputs)
    return model.fixed


def check_emulated(options, case, reason):
    """Failure unless the case stops the emulator, and passes with code that
    does without the instruction that does it."""
    try:
        check(options, case, machine_flags(options))
    except suite.Failure as e:
        if EMULATOR_STOPS not in str(e):
            raise
    else:
        raise suite.Failure("passes, but is listed: " + reason)
    other = EMULATED[options.mcpu]
    check(options, case, [f"--mcpu={other}", f"--runner={options.runner}"])
    return f"{reason}, with --mcpu={other} it passes"


def check_random(case, inputs, got):
    """Outputs of zero or of what the operator makes of an element it keeps."""
    x, y = numbers(inputs[0]), numbers(got[0])
    if case.name.startswith("bernoulli"):
        right = np.isin(y, (0, 1)).all() and not y[x <= 0].any()
    else:
        ratio = float(inputs[1]) if len(inputs) > 1 else 0.5
        kept = y != 0
        right = np.allclose(y[kept], (x / (1 - ratio))[kept], 1e-3)
        if len(got) > 1:
            right &= np.array_equal(got[1][x != 0], kept[x != 0])
    if not right:
        raise suite.Failure("has not the properties that it should have")
