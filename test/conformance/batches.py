# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Tests of onnx.backend.test as parts of one model.

Most are a node, which takes longer to link and to start than to compile. A
batch says which of its cases passed; the others have to run alone, which says
what is wrong with them.
"""
import collections
import os
import re
import threading

import cases
import edgecc_backend
import onnx
import suite
from onnx import compose

# How a part is named; messages of edgecc quote names of nodes.
PART = re.compile(r"\bpart(\d+)_")


class Batch:
    """Cases that are compiled and run together, at most once."""

    def __init__(self, options, flags, members):
        self.options, self.flags, self.members = options, flags, members
        self._lock, self._passed = threading.Lock(), None

    def passed(self):
        """The names of the cases that have the right outputs."""
        with self._lock:
            if self._passed is None:
                self._passed = self._run()
            return self._passed

    def _run(self):
        parts = {}
        for i, case in enumerate(self.members):
            inputs, _ = case.data_sets[0]
            names = [value.name for value in case.inputs]
            parts[i] = edgecc_backend.flatten(case.model,
                                              dict(zip(names, inputs)))
        binary = os.path.join(self.options.bin, "edgecc-run")
        while len(parts) > 1:
            model, feed = merge(parts)
            try:
                got = edgecc_backend.Model(
                    model, binary, flags=self.flags,
                    timeout=self.options.timeout).run(feed.values())
                return self._right(parts, got)
            except edgecc_backend.Refused as e:
                # Fix the operands that it asks for, or do without that case.
                named = PART.search(str(e))
                if not named or int(named[1]) not in parts:
                    return set()
                i = int(named[1])
                asked = edgecc_backend.pick(*parts[i], str(e))
                if asked:
                    parts[i] = edgecc_backend.fix(*parts[i], asked)
                else:
                    del parts[i]
            except RuntimeError:
                return set()
        return set()

    def _right(self, parts, got):
        passed = set()
        for i, (model, _) in parts.items():
            mine, got = got[:len(model.graph.output)], \
                got[len(model.graph.output):]
            inputs, outputs = self.members[i].data_sets[0]
            try:
                self.members[i].compare(inputs, mine, outputs)
                passed.add(self.members[i].name)
            except suite.Failure:
                pass
        return passed


def merge(parts):
    """One model of the models, and its inputs."""
    whole, feed = onnx.ModelProto(), {}
    for i, (model, mine) in parts.items():
        prefix = f"part{i}_"
        part = compose.add_prefix(model, prefix)
        for value in [*part.graph.input, *part.graph.output,
                      *part.graph.value_info]:
            for d in value.type.tensor_type.shape.dim:
                if d.dim_param:
                    d.dim_param = prefix + d.dim_param
        for k, node in enumerate(part.graph.node):
            node.name = f"{prefix}{k}"
        for name in [t.name for t in part.graph.input]:
            feed[name] = mine[name.removeprefix(prefix)]
        # The greatest of the versions reads them all.
        version = max(whole.ir_version, part.ir_version)
        whole.MergeFrom(part)
        whole.ir_version = version
    opsets = {o.domain: o.version for o in whole.opset_import}
    del whole.opset_import[:]
    whole.opset_import.extend(onnx.helper.make_opsetid(d, v)
                              for d, v in opsets.items())
    whole.graph.name = "batch"
    return whole, feed


def fits(case):
    """Whether a case can be a part of a model."""
    if case.folder or len(case.data_sets) != 1:
        return False
    constants = {t.name for t in case.model.graph.initializer}
    inputs, outputs = case.data_sets[0]
    return (not case.model.functions and
            not constants & {i.name for i in case.model.graph.input} and
            all(o.type.HasField("tensor_type")
                for o in case.model.graph.output) and
            not any(a.dtype.kind in "OUS"
                    for a in cases.flat([*inputs, *outputs])))


def make(options, flags, found, size):
    """The batches of at most `size` cases of those found, by their names."""
    groups = collections.defaultdict(list)
    for case in found:
        if size > 1 and fits(case):
            opsets = tuple(sorted((o.domain, o.version)
                                  for o in case.model.opset_import))
            groups[opsets, tuple(cases.rounding(case))].append(case)
    batches = {}
    for (_, rounding), members in groups.items():
        for k in range(0, len(members), size):
            batch = Batch(options, [*flags, *rounding], members[k:k + size])
            batches.update((case.name, batch) for case in batch.members)
    return batches
