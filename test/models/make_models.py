#!/usr/bin/env python3
# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Small models for tests, each a function of this file.

usage: make_models.py FOLDER NAME...        writes FOLDER/NAME.onnx for each
"""
import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.helper import make_node as node
from onnx.helper import make_tensor_value_info as value

F = TensorProto.FLOAT
I64 = TensorProto.INT64


def model(nodes, inputs, outputs, initializers=(), opset=17, ir=8, domains=(),
          **graph):
    """A model; `graph` are more arguments of make_graph, or functions."""
    functions = graph.pop("functions", [])
    g = helper.make_graph(nodes, "test", inputs, outputs, list(initializers),
                          **graph)
    imports = [helper.make_opsetid("", opset)]
    imports += [helper.make_opsetid(d, v) for d, v in domains]
    return helper.make_model(g, opset_imports=imports, ir_version=ir,
                             functions=functions)


def tensor(name, array):
    return numpy_helper.from_array(np.asarray(array), name)


def reference(name, source, kind):
    """Attribute `name` of a node in a function, given by the caller."""
    return onnx.AttributeProto(name=name, ref_attr_name=source, type=kind)


def floats(name, *shape):
    return tensor(name, np.arange(np.prod(shape), dtype=np.float32)
                  .reshape(shape))


# What a model may look like ------------------------------------------------

def relu():
    return model([node("Relu", ["x"], ["y"], "act")],
                 [value("x", F, [1, 4])], [value("y", F, [1, 4])])


def old_style():
    """IR version 3, opset 7: the weights are inputs too; a dead node."""
    return model([node("Gemm", ["x", "w", "b"], ["y"], alpha=0.5),
                  node("Abs", ["unused"], ["dead"])],
                 [value("x", F, [1, 3]), value("w", F, [3, 2]),
                  value("b", F, [2]), value("unused", F, [1])],
                 [value("y", F, [1, 2])],
                 [floats("w", 3, 2), floats("b", 2), floats("unused", 1)],
                 opset=7, ir=3)


def absent():
    """Optional operands and outputs that are left out; a long domain name."""
    n = node("LSTM", ["x", "w", "r", "", "", "h"], ["", "last"], "cell",
             hidden_size=2)
    n.domain = "ai.onnx"
    return model([n], [value("x", F, [5, 1, 3]), value("h", F, [1, 1, 2])],
                 [value("last", F, [1, 1, 2])],
                 [floats("w", 1, 8, 3), floats("r", 1, 8, 2)])


def constants():
    """Every form of Constant, each an output."""
    sparse = helper.make_sparse_tensor(tensor("v", np.float32([5, 7])),
                                       tensor("i", np.int64([1, 4])), [2, 3])
    coordinates = helper.make_sparse_tensor(
        tensor("sparse_init", np.int32([5, 7])),
        tensor("j", np.int64([[0, 2], [1, 0]])), [2, 3])
    forms = [("value", tensor("t", np.int8([[1, -2]]))),
             ("value_float", 1.5), ("value_floats", [1.5, 2.5]),
             ("value_int", 3), ("value_ints", [4, 5]), ("sparse_value", sparse)]
    nodes = [node("Constant", [], ["o" + k], "c_" + k, **{k: v})
             for k, v in forms]
    nodes.append(node("Constant", [], ["dead"], value_string="not used"))
    nodes.append(node("Relu", ["large"], ["o_large"]))
    outputs = [n.output[0] for n in nodes if n.output[0] != "dead"]
    return model(nodes, [], [onnx.ValueInfoProto(name=o) for o in
                             outputs + ["sparse_init"]],
                 [floats("large", 300), tensor("not_used", np.array(["a"]))],
                 opset=13, sparse_initializer=[coordinates])


def types():
    """Initializers of all types, as raw data (r) and in typed fields (t)."""
    names = ["FLOAT", "FLOAT16", "BFLOAT16", "DOUBLE", "INT8", "INT16", "INT32",
             "INT64", "UINT8", "UINT16", "UINT32", "UINT64", "BOOL",
             "FLOAT8E4M3FN", "FLOAT8E5M2", "INT4", "UINT4", "INT2", "UINT2",
             "FLOAT4E2M1", "COMPLEX64", "FLOAT6E2M3", "FLOAT6E3M2"]
    tensors = []
    for name in names:
        t = getattr(TensorProto, name)
        vals = [0, 1, 1] if name[0] in "BU" else [-1, 1, -2]
        if name == "UINT4":
            vals = [15, 1, 9]
        if name == "UINT2":
            vals = [3, 1, 2]
        typed = helper.make_tensor("t_" + name, t, [3], vals)
        raw = numpy_helper.from_array(numpy_helper.to_array(typed),
                                      "r_" + name)
        raw.data_type = t
        assert raw.raw_data and not typed.raw_data
        tensors += [raw, typed]
    return model([], [], [onnx.ValueInfoProto(name=t.name) for t in tensors],
                 tensors, opset=25, ir=13)


def branches():
    """If whose branches use a value and an initializer from outside."""
    def branch(op, name):
        return helper.make_graph(
            [node(op, ["x", "k"], [name], "in_" + name)], name, [],
            [value(name, F, [2])])
    return model([node("If", ["c"], ["y"], "choose",
                       then_branch=branch("Add", "t"),
                       else_branch=branch("Mul", "e"))],
                 [value("c", TensorProto.BOOL, []), value("x", F, [2])],
                 [value("y", F, [2])], [floats("k", 2)])


def functions():
    """A local function with an attribute, a default, an older opset, a call of
    another function and an input that is left out."""
    inner = helper.make_function(
        "mine", "Twice", ["a"], ["b"], [node("Add", ["a", "a"], ["b"], "sum")],
        [helper.make_opsetid("", 12)])
    soft = node("Softmax", ["t"], ["s"], "soft")
    soft.attribute.append(
        reference("axis", "axis", onnx.AttributeProto.INT))
    leaky = node("LeakyRelu", ["s"], ["l"], "leaky")
    leaky.attribute.append(
        reference("alpha", "slope", onnx.AttributeProto.FLOAT))
    body = helper.make_function(
        "mine", "Block", ["p", "low"], ["q"],
        [node("Twice", ["p"], ["t"], "double", domain="mine"), soft, leaky,
         node("Clip", ["l", "low"], ["q"], "clip")],
        [helper.make_opsetid("", 12), helper.make_opsetid("mine", 1)],
        attributes=["axis"],
        attribute_protos=[helper.make_attribute("slope", 0.25)])
    return model([node("Block", ["x"], ["y"], "call", domain="mine", axis=1)],
                 [value("x", F, [2, 3])], [value("y", F, [2, 3])],
                 domains=[("mine", 1)], functions=[inner, body])


def symbols():
    """Symbolic dimensions: leading ones, one elsewhere, an unnamed one."""
    return model([node("MatMul", ["x", "w"], ["y"]),
                  node("Add", ["m", "m"], ["n"])],
                 [value("x", F, ["batch", "length", 4]),
                  value("m", F, ["batch", None])],
                 [value("y", F, ["batch", "length", 2]),
                  value("n", F, ["batch", "wide"])], [floats("w", 4, 2)])


def computed():
    """A dimension that the network computes."""
    return model([node("Range", ["zero", "n", "one"], ["y"])],
                 [value("n", TensorProto.INT64, [])],
                 [value("y", TensorProto.INT64, ["wide"])],
                 [numpy_helper.from_array(np.array(v), k)
                  for k, v in (("zero", 0), ("one", 1))])


def unknown():
    """Operators that nobody knows, and an experimental one."""
    return model([node("ImageScaler", ["x"], ["a"], "scale", scale=2.0),
                  node("Strange", ["a"], ["b"], "strange"),
                  node("Gelu", ["b"], ["c"], "gelu", domain="com.microsoft"),
                  node("Relu", ["c"], ["y"], "act")],
                 [value("x", F, [1, 3, 8, 8])], [value("y", F, [1, 3, 8, 8])])


# External data -------------------------------------------------------------

def external(location="weights.bin", **more):
    """An initializer of two floats in another file."""
    t = TensorProto(name="w", data_type=F, dims=[2],
                    data_location=TensorProto.EXTERNAL)
    for key, text in dict(location=location, **more).items():
        t.external_data.add(key=key, value=str(text))
    return model([node("Add", ["x", "w"], ["y"], "add")],
                 [value("x", F, [2])], [value("y", F, [2])], [t])


def external_offset():
    return external(offset=4, length=8)


def external_short():
    return external(offset=4, length=80)


def external_outside():
    return external("../outside.bin")


def external_absolute():
    return external("/etc/hostname")


def external_link():
    return external("link.bin")


def external_missing():
    return external("missing.bin")


# What is wrong -------------------------------------------------------------

def old_opset():
    # An experiment of that time, which no newer opset has.
    return model([node("Crop", ["x"], ["y"])], [value("x", F, [1])],
                 [value("y", F, [1])], opset=6)


def new_opset():
    return model([node("Relu", ["x"], ["y"])], [value("x", F, [1])],
                 [value("y", F, [1])], opset=1000)


def old_ir():
    m = relu()
    m.ir_version = 2
    return m


def new_ir():
    m = relu()
    m.ir_version = 1000
    return m


def no_graph():
    m = relu()
    m.ClearField("graph")
    return m


def attribute_name():
    return model([node("Relu", ["x"], ["y"], "act", slope=1.0)],
                 [value("x", F, [1])], [value("y", F, [1])])


def attribute_missing():
    return model([node("Concat", ["x", "x"], ["y"], "join")],
                 [value("x", F, [1])], [value("y", F, [2])])


def axis():
    """A crash of ONNX's inference unless it is refused before."""
    return model([node("LayerNormalization", ["x", "w"], ["y", "m", "d"],
                       "norm", axis=2**31)],
                 [value("x", F, [1, 4]), value("w", F, [4])],
                 [value(o, F, [1, 4]) for o in "ymd"])


def operands():
    return model([node("Add", ["x"], ["y"], "sum")], [value("x", F, [1])],
                 [value("y", F, [1])])


def undefined():
    return model([node("Add", ["x", "nowhere"], ["y"], "sum")],
                 [value("x", F, [1])], [value("y", F, [1])])


def twice():
    return model([node("Relu", ["x"], ["y"], "a"),
                  node("Relu", ["x"], ["y"], "b")],
                 [value("x", F, [1])], [value("y", F, [1])])


def no_output():
    return model([node("Relu", ["x"], ["y"])], [value("x", F, [1])],
                 [value("z", F, [1])])


def shapes():
    return model([node("Relu", ["x"], ["r"]),
                  node("MatMul", ["r", "w"], ["y"], "product")],
                 [value("x", F, [1, 3])], [value("y", F, [1, 2])],
                 [floats("w", 4, 2)])


def declared_shape():
    return model([node("Relu", ["x"], ["y"], "act")], [value("x", F, [1, 3])],
                 [value("y", F, [1, 4])])


def element_types():
    return model([node("Add", ["x", "i"], ["y"], "sum")],
                 [value("x", F, [2]), value("i", I64, [2])],
                 [value("y", F, [2])])


def branch_shapes():
    """The contradiction stands in a sub-graph."""
    def branch(name, k):
        return helper.make_graph([node("Add", ["x", k], [name], "in_" + name)],
                                 name, [], [value(name, F, None)])
    return model([node("If", ["c"], ["y"], "choose", then_branch=branch(
        "t", "k2"), else_branch=branch("e", "k3"))],
                 [value("c", TensorProto.BOOL, []), value("x", F, [2])],
                 [value("y", F, None)], [floats("k2", 2), floats("k3", 3)])


def short_data():
    t = floats("w", 4)
    t.raw_data = t.raw_data[:-4]
    return model([node("Add", ["x", "w"], ["y"])], [value("x", F, [4])],
                 [value("y", F, [4])], [t])


def strings():
    return model([node("StringConcat", ["x", "s"], ["y"], "join")],
                 [value("x", TensorProto.STRING, [1])],
                 [value("y", TensorProto.STRING, [1])],
                 [tensor("s", np.array(["a"]))], opset=20)


def recursion():
    f = helper.make_function("mine", "F", ["a"], ["b"],
                             [node("F", ["a"], ["b"], domain="mine")],
                             [helper.make_opsetid("mine", 1)])
    return model([node("F", ["x"], ["y"], domain="mine")],
                 [value("x", F, [1])], [value("y", F, [1])],
                 domains=[("mine", 1)], functions=[f])


def main():
    if len(sys.argv) < 3:
        raise SystemExit(__doc__)
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    for name in sys.argv[2:]:
        onnx.save(globals()[name](), os.path.join(folder, name + ".onnx"))


if __name__ == "__main__":
    main()
