#!/usr/bin/env python3
# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Each operator with each element type that ONNX allows it.

The schemas say which types a parameter may have; nodes and values are those of
ONNX's own tests, converted, and the results those of its reference evaluator.
What that cannot compute has to compile and to run. Complex numbers are computed
with in the DFT family only.
"""
import collections
import functools
import os
import re
import sys
import warnings

import batches
import cases
import edgecc_backend
import ml_dtypes
import numpy as np
import onnx
import suite
from onnx import TensorProto, defs, helper
from onnx.reference import ReferenceEvaluator

# Where the reference evaluator is wrong, and how.
WRONG = {
    "Attention.*U=UINT": "turns minus infinity into an unsigned number",
    "GridSample.*T1=U?INT": "rounds the weights to integers",
    "MaxPool.*T=BFLOAT16": "computes indices in bfloat16",
    "Resize.*T1=U?INT": "rounds, where ONNX Runtime cuts",
    "Bernoulli": "draws other numbers",
}

# What ONNX's inference does not take, which edgecc runs first.
REFUSED = {"Pad.*Tind=INT32": "expects constant axes to be int64"}

# By how much results may differ, in the L2 norm, from those of a reference that
# rounds after each operation.
ROUNDINGS = {TensorProto.FLOAT: 1e-5, TensorProto.DOUBLE: 1e-6,
             TensorProto.FLOAT16: 3e-3, TensorProto.BFLOAT16: 3e-2}

# Attributes that are the type of an output.
TYPE_ATTRIBUTES = ("to", "dtype", "output_dtype", "output_datatype")


class Variant(cases.Case):
    """A case with values of another type."""

    def compare(self, inputs, got, outputs):
        allowed = max(ROUNDINGS.get(edgecc_backend.element_type(v.type), 0.0)
                      for v in [*self.model.graph.input,
                                *self.model.graph.output])
        for g, w in zip(got, cases.flat(outputs), strict=True):
            # Where statistics or sums have a type of their own there.
            w = cases.numbers(np.asarray(w))
            if w.dtype != g.dtype and g.dtype.kind not in "cb":
                w = w.astype(g.dtype)
            g, w = cases.numbers(g), cases.numbers(w)
            suite.compare(g, w.astype(g.dtype), allowed if g.dtype.kind == "f"
                          else 0.0)


def set_type(value_type, elem_type):
    while not value_type.HasField("tensor_type"):
        kind = value_type.WhichOneof("value")
        value_type = getattr(value_type, kind).elem_type
    value_type.tensor_type.elem_type = elem_type


def converted(value, elem_type):
    """A tensor, or a list of them, with elements of a type."""
    if value is None or isinstance(value, (list, tuple)):
        return value and [converted(v, elem_type) for v in value]
    a = cases.numbers(edgecc_backend.array_of(value))
    dtype = np.dtype(edgecc_backend.EXTENDED.get(elem_type) or
                     helper.tensor_dtype_to_np_dtype(elem_type))
    if "uint" in dtype.name:
        a = np.abs(a)
    if dtype in (ml_dtypes.int2, ml_dtypes.uint2):
        a = np.clip(a, -1, 1)
    elif "float" in dtype.name and dtype.itemsize == 1:
        largest = float(ml_dtypes.finfo(dtype).max)
        a = np.clip(a, -largest, largest)
    with np.errstate(all="ignore"):
        return np.asarray(a.astype(dtype))


def parameter(parameters, i):
    """The formal parameter of operand or result i; the last may be variadic."""
    return parameters[min(i, len(parameters) - 1)].type_str


def variant(case, schema, name, allowed):
    """The case with what has the type parameter `name` of a type, as a schema
    writes it; None if that is no model, or if it has nothing of that type."""
    outer, _, inner = allowed.rpartition("tensor(")
    elem_type = getattr(TensorProto, inner.rstrip(")").upper()
                        .replace("_", ""))
    model = onnx.ModelProto()
    model.CopyFrom(case.model)
    node, values = model.graph.node[0], list(case.data_sets[0][0])
    places = {v.name: k for k, v in enumerate(model.graph.input)}
    kinds = {"": "tensor_type", "seq(": "sequence_type"}
    found = False
    for i, operand in enumerate(node.input):
        formal = parameter(schema.inputs, i)
        if operand not in places or not re.fullmatch(
                rf"(seq\(|optional\()*{name}\)*", formal):
            continue
        k = places[operand]
        info = model.graph.input[k]
        if formal == name and info.type.WhichOneof("value") != kinds.get(
                outer, "optional_type"):
            return None
        if edgecc_backend.element_type(info.type) == TensorProto.STRING:
            return None
        set_type(info.type, elem_type)
        values[k] = converted(values[k], elem_type)
        # The zero points of floats are zero.
        if "zero_point" in schema.inputs[min(i, len(schema.inputs) - 1)].name and \
                values[k].dtype.kind not in "iu" and \
                "int" not in values[k].dtype.name:
            values[k] = np.zeros_like(values[k])
        found = True
    for attribute in node.attribute:
        if not found and attribute.name in TYPE_ATTRIBUTES and any(
                o.type_str == name for o in schema.outputs):
            attribute.i = elem_type
            found = True
    if not found:
        return None
    for output in model.graph.output:
        output.ClearField("type")
    try:
        inferred = onnx.shape_inference.infer_shapes(model, True, True)
    except Exception:  # it has exceptions of three libraries
        return None
    if not all(edgecc_backend.element_type(o.type)
               for o in inferred.graph.output):
        return None
    del model.graph.output[:]
    model.graph.output.extend(inferred.graph.output)
    feed = dict(zip([v.name for v in model.graph.input], values))
    try:
        with np.errstate(all="ignore"):
            wanted = ReferenceEvaluator(model).run(None, feed)
    except Exception:  # what it cannot compute fails in many ways
        wanted = None
    result = Variant(f"{schema.name}-{case.name}-{name}="
                     f"{outer}{TensorProto.DataType.Name(elem_type)}",
                     model, [(values, wanted)], None, None)
    if any(re.match(pattern, result.name) for pattern in REFUSED):
        return None
    if any(re.match(pattern, result.name) for pattern in WRONG):
        result.data_sets[0] = values, None
    return result


def variants():
    """For each operator a test of ONNX with each set of its operands."""
    found = collections.defaultdict(dict)

    def count(case):
        return sum(a.size for a in cases.flat(case.data_sets[0][0]))

    for case in sorted(cases.load(["node"]).values(), key=count):
        node = case.model.graph.node[0]
        if len(case.model.graph.node) > 1 or case.model.functions or \
                len(case.data_sets) > 1 or node.op_type == "ImageDecoder":
            continue
        version = [o.version for o in case.model.opset_import
                   if o.domain == node.domain][0]
        schema = defs.get_schema(node.op_type, version, node.domain)
        if schema.since_version == defs.get_schema(
                node.op_type, node.domain).since_version:
            form = tuple(map(bool, node.input)), len(node.output)
            found[node.domain, node.op_type].setdefault(form, (case, schema))
    for forms in found.values():
        for case, schema in list(forms.values())[:3]:
            for constraint in schema.type_constraints:
                for allowed in sorted(constraint.allowed_type_strs):
                    if re.search("string|map|complex", allowed):
                        continue
                    result = variant(case, schema, constraint.type_param_str,
                                     allowed)
                    if result:
                        yield result


def check(options, batch, case):
    if case.name in batch and case.name in batch[case.name].passed():
        return
    inputs, wanted = case.data_sets[0]
    got = edgecc_backend.Model(
        case.model, os.path.join(options.bin, "edgecc-run"),
        flags=cases.rounding(case), timeout=options.timeout,
        fix_operands=True).run(inputs)
    if wanted is not None:
        case.compare(inputs, got, wanted)


def main():
    p = suite.parser(__doc__)
    p.add_argument("--filter", default="", help="only names that match")
    options = p.parse_args()
    warnings.simplefilter("ignore")
    tests = {v.name: v for v in variants() if re.search(options.filter, v.name)}
    batch = batches.make(options, [], [v for v in tests.values()
                                       if v.data_sets[0][1] is not None], 24)
    return suite.run([(name, functools.partial(check, options, batch, case))
                      for name, case in tests.items()], options)


if __name__ == "__main__":
    sys.exit(main())
