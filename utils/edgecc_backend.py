#!/usr/bin/env python3
# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""edgecc as a backend of the onnx package (onnx.backend.base).

    import edgecc_backend
    outputs = edgecc_backend.run_model(model, [x, y])

Compiles for this machine and runs in process, with edgecc-run. What edgecc
refuses is Refused, anything else that goes wrong a RuntimeError; the text of
both is what edgecc says.

An operand that edgecc has to know at compile time (the axes of a reduction,
the shape of a Reshape) may be an input of the model: with `fix_operands` its
value is put into the model when edgecc asks for it.
"""
import os
import re
import subprocess
import tempfile
import zipfile

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.base import Backend, BackendRep

ROOT = os.path.normpath(
    os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
BINARY = os.path.join(ROOT, "build", "bin", "edgecc-run")

ASKS = re.compile(r"known at compile time|constant")
OPERAND = re.compile(r"operand (\d+)")


class Refused(RuntimeError):
    """edgecc does not compile the model."""


class Model(BackendRep):
    """A model; compiled anew in each run, as edgecc-run does it."""

    def __init__(self, model, binary=BINARY, flags=(), timeout=300,
                 fix_operands=False):
        super().__init__()
        self.model = model
        self.command = [binary]
        self.flags = list(flags)
        self.timeout = timeout
        self.fix_operands = fix_operands

    def run(self, inputs, **kwargs):
        """The outputs, in the order of the graph, for the inputs in theirs."""
        constants = {t.name for t in self.model.graph.initializer}
        names = [i.name for i in self.model.graph.input
                 if i.name not in constants]
        feed = dict(zip(names, map(np.asarray, inputs)))
        model = self.model
        while True:
            try:
                return self._run(model, feed)
            except Refused as e:
                fixed = self.fix_operands and pick(model, feed, str(e))
                if not fixed:
                    raise
                model, feed = fix(model, feed, fixed)

    def _run(self, model, feed):
        with tempfile.TemporaryDirectory() as folder:
            path, source, target = (os.path.join(folder, f) for f in
                                    ("model.onnx", "in.npz", "out.npz"))
            onnx.save(model, path)
            write_npz(source, feed)
            try:
                p = subprocess.run(
                    [*self.command, path, "--inputs=" + source,
                     "--outputs=" + target, *self.flags], text=True,
                    capture_output=True, stdin=subprocess.DEVNULL,
                    timeout=self.timeout)
            except subprocess.TimeoutExpired:
                raise RuntimeError(f"no answer in {self.timeout:.0f} s")
            if p.returncode:
                text = " | ".join(p.stderr.strip().splitlines()[:2])[:300]
                kind = Refused if p.returncode == 1 else RuntimeError
                raise kind(f"exit {p.returncode}: {text}")
            with np.load(target) as z:
                return [z[key] for key in z.files]


def write_npz(path, arrays):
    """As np.savez, for any name ("file" too)."""
    with zipfile.ZipFile(path, "w") as z:
        for name, array in arrays.items():
            with z.open(name + ".npy", "w", force_zip64=True) as f:
                np.lib.format.write_array(f, np.asanyarray(array))


def pick(model, feed, message):
    """The inputs whose value `message` asks for; none when it does not."""
    if not ASKS.search(message):
        return set()
    asked = set()
    for index in map(int, OPERAND.findall(message)):
        asked |= {n.input[index] for n in model.graph.node
                  if index < len(n.input) and n.input[index] in feed}
    # A message without a number means what is small.
    return asked or {name for name, a in feed.items()
                     if a.ndim <= 1 and a.size <= 8}


def fix(model, feed, names):
    """The model with these inputs as initializers, and the other inputs."""
    fixed = onnx.ModelProto()
    fixed.CopyFrom(model)
    for i in [i for i in fixed.graph.input if i.name in names]:
        fixed.graph.input.remove(i)
    fixed.graph.initializer.extend(
        numpy_helper.from_array(feed[name], name) for name in sorted(names))
    return fixed, {n: a for n, a in feed.items() if n not in names}


class EdgeccBackend(Backend):
    @classmethod
    def prepare(cls, model, device="CPU", **kwargs):
        super().prepare(model, device, **kwargs)
        return Model(model, **kwargs)

    @classmethod
    def supports_device(cls, device):
        return device == "CPU"


prepare = EdgeccBackend.prepare
run_model = EdgeccBackend.run_model
supports_device = EdgeccBackend.supports_device
