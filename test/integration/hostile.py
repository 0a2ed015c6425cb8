#!/usr/bin/env python3
# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Small files that ask for much, and odd ones that are right.

Whatever a small model says, edgecc ends within ten seconds and 4 GB: with one
error that names what is wrong, or with what ONNX Runtime computes and a header
that C and C++ compilers take.
"""
import functools
import os
import re
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnx.helper import make_node as node
from onnx.helper import make_tensor_value_info as value

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import suite

SECONDS = 10
BYTES = 4 << 30
HUGE = 1 << 40
F, I64, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL
TESTS = []


def limited(options, tool, *arguments):
    # Not by a function between fork and exec: threads run here, and what they
    # have mapped may already be more than the limit.
    return suite.command(["prlimit", f"--as={BYTES}", f"--cpu={SECONDS}",
                          "--core=0", os.path.join(options.bin, tool),
                          *arguments], options.timeout)


def refused(*words):
    """Registers a test: a function that returns a model, or its bytes. There
    must be one error, and it must match each of `words`."""
    def register(function):
        TESTS.append((function.__name__.replace("_", "-"), functools.partial(
            check_refused, function, words)))
        return function
    return register


def right(**feed):
    """Registers a test: a function that returns a model, which must compute on
    the arrays what ONNX Runtime does."""
    def register(function):
        TESTS.append((function.__name__.replace("_", "-"), functools.partial(
            check_right, function, feed)))
        return function
    return register


def check_refused(function, words, options):
    with tempfile.TemporaryDirectory() as folder:
        path, target = (os.path.join(folder, f) for f in ("m.onnx", "out.o"))
        data = function()
        with open(path, "wb") as f:
            f.write(data if isinstance(data, bytes)
                    else data.SerializeToString())
        p = limited(options, "edgecc", path, "-o", target)
        if p.returncode != 1:
            raise suite.Failure(f"exit {p.returncode}: {p.stderr[:200]}")
        if os.path.exists(target):
            raise suite.Failure("left an output file")
        for word in [*words, r"\A[^\n]*error: [^\n]*\n\Z"]:
            if not re.search(word, p.stderr):
                raise suite.Failure(f"does not say '{word}': {p.stderr[:300]}")
        return p.stderr.strip().partition("error: ")[2][:90]


def check_right(function, feed, options):
    made = function()
    with tempfile.TemporaryDirectory() as folder:
        path, source, target = (os.path.join(folder, f) for f in
                                ("m.onnx", "in.npz", "out.npz"))
        with open(path, "wb") as f:
            f.write(made.SerializeToString())
        onnxruntime.set_default_logger_severity(4)
        session = onnxruntime.InferenceSession(
            path, providers=["CPUExecutionProvider"])
        names = [i.name for i in session.get_inputs()]
        feed = dict(zip(names, feed.values(), strict=True))
        suite.write_npz(source, {f"arr_{i}": array for i, array in
                                 enumerate(feed.values())})
        p = limited(options, "edgecc-run", path, "--inputs=" + source,
                    "--outputs=" + target)
        if p.returncode:
            raise suite.Failure(f"exit {p.returncode}: {p.stderr[:300]}")
        with np.load(target) as z:
            got = [z[key] for key in z.files]
        for g, w in zip(got, session.run(None, feed), strict=True):
            suite.compare(g, np.asarray(w), 1e-6)
        check_header(options, folder, path)
    return ""


def check_header(options, folder, path):
    """Failure unless what uses the header compiles as C and as C++."""
    name = "network"
    p = limited(options, "edgecc", path, "-o",
                os.path.join(folder, name + ".o"), "--name=" + name)
    if p.returncode:
        raise suite.Failure(f"exit {p.returncode}: {p.stderr[:300]}")
    for language in ("-std=c99", "-xc"), ("-std=c++11", "-xc++"):
        suite.must(["clang-22", *language, "-Wall", "-Wextra", "-Werror",
                    "-fsyntax-only", "-include",
                    os.path.join(folder, name + ".h"), "/dev/null"])


# What asks for much --------------------------------------------------------

def model(nodes, inputs, outputs, initializers=(), functions=(), opset=17):
    graph = helper.make_graph(nodes, "g", inputs, outputs, list(initializers))
    imports = [helper.make_opsetid("", opset)]
    if functions:
        imports.append(helper.make_opsetid("mine", 1))
    return helper.make_model(graph, ir_version=8, opset_imports=imports,
                             functions=functions)


def tensor(name, array):
    return numpy_helper.from_array(np.asarray(array), name)


def whole(name, *numbers):
    return tensor(name, np.int64(numbers))


@refused("initializer 'w'", "one value field")
def initializer_without_its_elements():
    w = TensorProto(name="w", data_type=F, dims=[HUGE])
    return model([node("Add", ["w", "w"], ["y"])], [],
                 [value("y", F, [HUGE])], [w])


@refused("initializer 'w'")
def initializer_whose_size_overflows():
    w = TensorProto(name="w", data_type=F, dims=[1 << 32, 1 << 32, 4])
    return model([node("Add", ["w", "w"], ["y"])], [],
                 [value("y", F, None)], [w])


@refused("initializer 'w'")
def initializer_of_a_negative_size():
    w = TensorProto(name="w", data_type=F, dims=[-1, -4], raw_data=bytes(16))
    return model([node("Add", ["w", "w"], ["y"])], [],
                 [value("y", F, None)], [w])


@refused("sparse with 1099511627776 elements")
def sparse_constant_of_any_size():
    w = helper.make_sparse_tensor(tensor("w", np.float32([5])),
                                  whole("i", HUGE - 1), [HUGE])
    return model([node("Constant", [], ["w"], sparse_value=w),
                  node("Add", ["w", "w"], ["y"])], [], [value("y", F, [HUGE])])


@refused("input 'x'", "more than 2\\^31 elements")
def input_of_any_size():
    return model([node("Relu", ["x"], ["y"])], [value("x", F, [HUGE])],
                 [value("y", F, [HUGE])])


@refused("input 'x'", "more than 2\\^31 elements")
def input_whose_size_overflows():
    shape = [1 << 32, 1 << 32, 1 << 32]
    return model([node("Relu", ["x"], ["y"])], [value("x", F, shape)],
                 [value("y", F, shape)])


def grown(op, *operands, inputs=(("x", F, [1]),), shape=(HUGE,), **attributes):
    """A model with one node that makes a huge tensor of a small one."""
    return model([node(op, ["x"] * bool(inputs) + [o.name for o in operands],
                       ["y"], "grow", **attributes)],
                 [value(*i) for i in inputs], [value("y", F, list(shape))],
                 operands)


BIG = r"node 'grow' .* (more than 2\^31|constant of \d+) elements"


@refused(BIG)
def expand_to_any_size():
    return grown("Expand", whole("s", HUGE))


@refused(BIG)
def tile_to_any_size():
    return grown("Tile", whole("s", HUGE))


@refused(BIG)
def pad_to_any_size():
    return grown("Pad", whole("s", 0, HUGE - 1))


@refused(BIG)
def constant_of_any_shape():
    return grown("ConstantOfShape", whole("s", HUGE), inputs=())


@refused(BIG)
def range_of_any_length():
    return grown("Range", *(tensor(n, np.float32(v)) for n, v in
                            zip("abc", (0, HUGE, 1))), inputs=())


@refused(BIG)
def resize_to_any_size():
    return grown("Resize", tensor("r", np.float32([])),
                 tensor("s", np.float32([1, 1, 1 << 20, 1 << 20])),
                 inputs=[("x", F, [1, 1, 1, 1])],
                 shape=[1, 1, 1 << 20, 1 << 20])


@refused(BIG)
def one_hot_of_any_depth():
    return grown("OneHot", whole("d", HUGE), tensor("v", np.float32([0, 1])),
                 inputs=[("x", I64, [1])], shape=[1, HUGE])


@refused(BIG)
def convolution_with_any_pads():
    return grown("Conv", tensor("w", np.ones((1, 1, 1, 1), np.float32)),
                 inputs=[("x", F, [1, 1, 1, 1])], pads=[1 << 30] * 4,
                 shape=[1, 1, (1 << 31) + 1, (1 << 31) + 1])


@refused(BIG)
def product_of_vectors_of_any_length():
    n = 1 << 18
    return model([node("Shape", ["x"], ["s"]),
                  node("ConstantOfShape", ["s"], ["c"]),
                  node("Transpose", ["c"], ["d"], perm=[1, 0]),
                  node("Add", ["c", "d"], ["y"], "grow")],
                 [value("x", F, [n, 1])], [value("y", F, [n, n])])


def body(nodes, outputs, inputs=()):
    return helper.make_graph(nodes, "body", list(inputs), outputs)


@refused(BIG)
def loop_of_any_trip_count():
    """What it collects grows with every trip."""
    loop = body([node("Identity", ["c"], ["d"]),
                 node("Identity", ["x"], ["z"])],
                [value("d", BOOL, []), value("z", F, [1])],
                [value("i", I64, []), value("c", BOOL, [])])
    return model([node("Loop", ["n", ""], ["y"], "grow", body=loop)],
                 [value("x", F, [1])], [value("y", F, [HUGE, 1])],
                 [tensor("n", np.int64(HUGE))])


def nested(depth):
    """A model of branches within branches, which Python's library does not
    write: protobuf that deep is not read either."""
    def part(number, content):
        size, length = len(content), b""
        while size > 127:
            length += bytes([size & 127 | 128])
            size >>= 7
        return bytes([number << 3 | 2]) + length + bytes([size]) + content
    inner = body([node("Relu", ["x"], ["y"])], [value("y", F, [2])])
    other = body([node("Neg", ["x"], ["y"])], [value("y", F, [2])])
    data = inner.SerializeToString()
    for level in range(depth):
        choice = node("If", ["c"], ["y"], f"if{level}", else_branch=other)
        branch = helper.make_attribute("then_branch", other)
        branch.ClearField("g")
        # attribute 6 is a graph, node 5 its attributes, graph 1 its nodes
        data = part(1, choice.SerializeToString() +
                    part(5, branch.SerializeToString() + part(6, data))) + \
            body([], [value("y", F, [2])]).SerializeToString()
    outer = model([], [value("x", F, [2]), value("c", BOOL, [])], [])
    outer.graph.name = ""
    data += outer.graph.SerializeToString()
    outer.ClearField("graph")
    return outer.SerializeToString() + part(7, data)


@refused("truncated or damaged")
def branches_a_thousand_deep():
    return nested(1000)


@right(x=np.float32([-1, 2]), c=np.asarray(True))
def branches_thirty_deep():
    return onnx.load_from_string(nested(30))


def function(name, nodes):
    return helper.make_function("mine", name, ["x"], ["y"], nodes,
                                [helper.make_opsetid("", 17),
                                 helper.make_opsetid("mine", 1)])


@refused("more than 1048576 nodes")
def functions_that_double_thirty_times():
    functions = [function("F0", [node("Relu", ["x"], ["y"])])]
    for i in range(1, 31):
        functions.append(function(f"F{i}", [
            node(f"F{i - 1}", ["x"], ["t"], domain="mine"),
            node(f"F{i - 1}", ["t"], ["y"], domain="mine")]))
    return model([node("F30", ["x"], ["y"], domain="mine")],
                 [value("x", F, [1])], [value("y", F, [1])],
                 functions=functions)


@refused("calls itself")
def functions_that_call_each_other():
    return model([node("A", ["x"], ["y"], domain="mine")],
                 [value("x", F, [1])], [value("y", F, [1])], functions=[
                     function("A", [node("B", ["x"], ["y"], domain="mine")]),
                     function("B", [node("A", ["x"], ["y"], domain="mine")])])


# What contradicts itself ---------------------------------------------------

def two(first, second, inputs=("x",), outputs=("y",), initializers=()):
    """A model of two nodes on tensors of two elements."""
    return model([first, second], [value(n, F, [2]) for n in inputs],
                 [value(n, F, [2]) for n in outputs], initializers)


@refused("'b'", "not an input or initializer .* nor the output of an earlier")
def cycle_of_two_nodes():
    return two(node("Add", ["x", "b"], ["a"], "first"),
               node("Relu", ["a"], ["b"], "second"), outputs=["b"])


@refused("'y'", "not an input or initializer .* nor the output of an earlier")
def node_that_reads_itself():
    return two(node("Add", ["x", "y"], ["y"], "itself"),
               node("Relu", ["y"], ["z"]), outputs=["z"])


@refused("'t'", "already defined")
def two_nodes_with_one_output():
    return two(node("Relu", ["x"], ["t"], "first"),
               node("Neg", ["x"], ["t"], "second"), outputs=["t"])


@refused("'x'", "already defined")
def output_that_is_an_input():
    return two(node("Relu", ["x"], ["x"], "first"),
               node("Neg", ["x"], ["y"], "second"))


@refused("two inputs have the name 'x'")
def two_inputs_of_one_name():
    return two(node("Relu", ["x"], ["t"]), node("Neg", ["t"], ["y"]),
               inputs=["x", "x"])


@refused("'w' appears twice")
def two_initializers_of_one_name():
    return two(node("Add", ["x", "w"], ["t"]), node("Neg", ["t"], ["y"]),
               initializers=[tensor("w", np.float32([1, 2])),
                             tensor("w", np.float32([3, 4]))])


@refused("'einsum'", "'ik,k=>' *, which is no equation")
def equation_of_other_signs():
    return model([node("Einsum", ["x", "w"], ["y"], "einsum",
                       equation="ik,k=>")],
                 [value("x", F, [1, 5])], [value("y", F, [])],
                 [tensor("w", np.ones(5, np.float32))])


# What is odd and right -----------------------------------------------------

def named(names, outputs):
    """Sums of its inputs, as many as outputs."""
    return model([node("Sum", names[:i + 1], [o], f"node {o}")
                  for i, o in enumerate(outputs)],
                 [value(n, F, [2]) for n in names],
                 [value(o, F, [2]) for o in outputs])


def some(count):
    return {f"x{i}": np.float32([i, -2 * i]) for i in range(count)}


@right(x=np.float32([[1, 2, 3], [4, 5, 7]]))
def equation_with_spaces():
    return model([node("Einsum", ["x", "w"], ["y"],
                       equation=" i j , j k -> k i ")],
                 [value("x", F, [2, 3])], [value("y", F, [4, 2])],
                 [tensor("w", np.arange(12, dtype=np.float32).reshape(3, 4))])


@right(**some(8))
def names_that_are_keywords():
    return named("int while restrict _Bool class template NULL errno".split(),
                 "for static register main network arena "
                 "NETWORK_ARENA_BYTES EDGECC_OK".split())


@right(**some(6))
def names_that_are_no_identifiers():
    return named(["gr\u00f6\u00dfe", "\u6f22\u5b57", "\U0001f600",
                  "a/b:0", "1", "-"],
                 ["\u00e9", "e\u0301", "*/ #error", "\\\n\t\"'", "%s%n",
                  "??/ ??)"])


@right(**some(4))
def names_that_look_alike_in_c():
    return named(["a b", "a_b", "a.b", "a__b"], ["a-b", "A_B", "a b_", "A B"])


@right(x0=np.float32([1, 2]))
def names_of_a_thousand_letters():
    return named(["x" * 1000], ["y" * 1000])


@right(x=np.zeros((0, 3), np.float32))
def tensors_without_elements():
    return model([node("Relu", ["x"], ["r"]),
                  node("Concat", ["r", "w"], ["y"], axis=0),
                  node("ReduceSum", ["x"], ["s"], keepdims=0),
                  node("MatMul", ["x", "m"], ["p"]),
                  node("MatMul", ["t", "x"], ["z"])],
                 [value("x", F, [0, 3])],
                 [value("y", F, [2, 3]), value("s", F, []),
                  value("p", F, [0, 4]), value("r", F, [0, 3]),
                  value("z", F, [5, 3])],
                 [tensor("w", np.ones((2, 3), np.float32)),
                  tensor("m", np.ones((3, 4), np.float32)),
                  tensor("t", np.ones((5, 0), np.float32))])


@right(x=np.zeros((0, 3, 5, 4), np.float32))
def convolution_of_no_pictures():
    return model([node("Conv", ["x", "w"], ["y"], pads=[1, 1, 1, 1])],
                 [value("x", F, [0, 3, 5, 4])], [value("y", F, [0, 2, 5, 4])],
                 [tensor("w", np.ones((2, 3, 3, 3), np.float32))])


@right(x=np.asarray(3, np.float32), i=np.asarray(2, np.int64))
def scalars():
    return model([node("Sqrt", ["x"], ["r"]), node("Add", ["r", "x"], ["y"]),
                  node("Gather", ["w", "i"], ["g"]),
                  node("Mul", ["g", "y"], ["z"]),
                  node("Shape", ["z"], ["s"]),
                  node("Reshape", ["z", "s"], ["q"])],
                 [value("x", F, []), value("i", I64, [])],
                 [value("y", F, []), value("z", F, []), value("q", F, [])],
                 [tensor("w", np.float32([1, 2, 5]))])


@right(x=np.arange(2 * 3 * 1 * 2 * 2 * 3 * 1 * 2, dtype=np.float32).reshape(
    2, 3, 1, 2, 2, 3, 1, 2), b=np.arange(18, dtype=np.float32).reshape(
        3, 1, 2, 1, 3, 1, 1) / 8)
def tensors_of_eight_dimensions():
    order = [7, 0, 5, 2, 3, 6, 1, 4]
    shape = [2, 3, 1, 2, 2, 3, 1, 2]
    return model([node("Mul", ["x", "b"], ["m"]),
                  node("Transpose", ["m"], ["t"], perm=order),
                  node("Softmax", ["t"], ["s"], axis=2),
                  node("ReduceMax", ["m"], ["r"], axes=[1, 4, 7], keepdims=0),
                  node("Slice", ["m", "first", "last", "axes"], ["c"]),
                  node("Concat", ["c", "c"], ["y"], axis=6)],
                 [value("x", F, shape), value("b", F, [3, 1, 2, 1, 3, 1, 1])],
                 [value("s", F, [shape[i] for i in order]),
                  value("r", F, [2, 1, 2, 3, 1]),
                  value("y", F, [2, 2, 1, 1, 2, 3, 2, 2])],
                 [whole("first", 1, 0), whole("last", 3, 1),
                  whole("axes", 1, 3)])


if __name__ == "__main__":
    sys.exit(suite.main(__doc__, TESTS))
