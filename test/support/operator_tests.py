# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What tests of operators share: each makes a small model and its inputs."""
import functools
import itertools

import numpy as np
from onnx import TensorProto, helper, numpy_helper

TESTS = []
F = TensorProto.FLOAT


def reference(function):
    """Registers a function that returns a model and a dict of its inputs."""
    TESTS.append((function.__name__.replace("_", "-"), function))
    return function


def each(**choices):
    """Registers one test for each combination of the choices."""
    def register(function):
        for values in itertools.product(*choices.values()):
            name = "-".join([function.__name__.replace("_", "-"),
                             *map(str, values)])
            TESTS.append((name, functools.partial(
                function, **dict(zip(choices, values)))))
        return function
    return register


def numbers(*shape, seed=0, scale=1.0):
    rng = np.random.default_rng([seed, *shape])
    return (rng.standard_normal(shape) * scale).astype(np.float32)


def model(nodes, inputs, outputs, constants=(), opset=22, ml=3, bodies=()):
    """A model whose constants and inputs are dicts of arrays; outputs are
    (name, element type) pairs."""
    def info(name, array):
        return helper.make_tensor_value_info(
            name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
    graph = helper.make_graph(
        nodes, "g", [info(n, a) for n, a in inputs.items()],
        [helper.make_tensor_value_info(n, t, None) for n, t in outputs],
        [numpy_helper.from_array(a, n) for n, a in dict(constants).items()])
    return helper.make_model(graph, ir_version=10, opset_imports=[
        helper.make_opsetid("", opset),
        helper.make_opsetid("ai.onnx.ml", ml),
        helper.make_opsetid("com.microsoft", 1)])
