# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Networks without the rounding of their floats.

Where a value lies half-way between two integers or two f16 numbers, one unit in
the last place of f32 decides, and no two runtimes agree. `run` evaluates a model
in double precision with onnx's reference evaluator: floats round only where a
Cast or QuantizeLinear of the model says so.
"""
import ml_dtypes
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

NARROW = (TensorProto.FLOAT16, TensorProto.BFLOAT16)
FLOATS = (TensorProto.FLOAT, *NARROW)
OPERATORS = {"Add", "AveragePool", "Cast", "Concat", "Constant", "Conv",
             "DequantizeLinear", "MatMul", "MaxPool", "QuantizeLinear", "Relu",
             "Reshape", "Resize", "Sigmoid", "Softmax", "Transpose"}


class _Rewriter:
    def __init__(self, graph):
        self.nodes, self.count = [], 0
        self.constants = {t.name: self.widen(numpy_helper.to_array(t))
                          for t in graph.initializer}

    @staticmethod
    def widen(array):
        is_float = array.dtype.kind == "f" or array.dtype == ml_dtypes.bfloat16
        return array.astype(np.float64) if is_float else array

    def add(self, op, inputs, output=None, **attributes):
        self.count += 1
        output = output or f"exact.{self.count}"
        self.nodes.append(helper.make_node(op, inputs, [output], **attributes))
        return output

    def constant(self, array):
        self.count += 1
        self.constants[f"exact.{self.count}"] = np.asarray(array)
        return f"exact.{self.count}"

    def parameter(self, node, index):
        """A scale or zero point in double precision, spread along its axis."""
        name = node.input[index]
        value = self.constants[name].astype(np.float64)
        if value.size > 1:
            axis = next((a.i for a in node.attribute if a.name == "axis"), 1)
            shape = [1] * self.constants[node.input[0]].ndim
            shape[axis] = -1
            value = value.reshape(shape)
        return self.constant(value.reshape(()) if value.size == 1 else value)

    def visit(self, node):
        if node.op_type not in OPERATORS:
            raise NotImplementedError(node.op_type)
        op, output = node.op_type, node.output[0]
        has_zero = len(node.input) > 2 and node.input[2]
        if op == "DequantizeLinear":
            x = self.add("Cast", [node.input[0]], to=TensorProto.DOUBLE)
            if has_zero:
                x = self.add("Sub", [x, self.parameter(node, 2)])
            self.add("Mul", [x, self.parameter(node, 1)], output)
        elif op == "QuantizeLinear":
            kind = self.constants[node.input[2]].dtype if has_zero else np.dtype(
                np.uint8)
            x = self.add("Round", [self.add(
                "Div", [node.input[0], self.parameter(node, 1)])])
            if has_zero:
                x = self.add("Add", [x, self.parameter(node, 2)])
            limits = np.iinfo(kind)
            x = self.add("Clip", [x, self.constant(np.float64(limits.min)),
                                  self.constant(np.float64(limits.max))])
            self.add("Cast", [x], output,
                     to=helper.np_dtype_to_tensor_dtype(kind))
        elif op == "Cast" and node.attribute[0].i in FLOATS:
            x = node.input[0]
            if node.attribute[0].i in NARROW:
                x = self.add("Cast", [x], to=node.attribute[0].i)
            self.add("Cast", [x], output, to=TensorProto.DOUBLE)
        elif op == "Constant":
            self.constants[output] = self.widen(
                numpy_helper.to_array(node.attribute[0].t))
        else:
            self.nodes.append(node)


def run(path, feed):
    """The outputs of the model for the inputs, floats in double precision.
    NotImplementedError names an operator that is not rewritten."""
    model = onnx.load(path)
    rewriter = _Rewriter(model.graph)
    for node in model.graph.node:
        rewriter.visit(node)
    graph = helper.make_graph(
        rewriter.nodes, "exact",
        [helper.make_empty_tensor_value_info(name) for name in feed],
        [helper.make_empty_tensor_value_info(o.name)
         for o in model.graph.output],
        [numpy_helper.from_array(np.array(a, order="C"), name)
         for name, a in rewriter.constants.items()])
    exact = helper.make_model(graph, opset_imports=[helper.make_opsetid(
        "", max(o.version for o in model.opset_import
                if o.domain in ("", "ai.onnx")))])
    exact.ir_version = 8
    return ReferenceEvaluator(exact).run(
        None, {name: rewriter.widen(a) for name, a in feed.items()})
