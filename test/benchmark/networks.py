# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Networks to measure: each a function that gives an ONNX model.

Small, so that an emulator runs them in a second, and together of every family
of kernels. Weights are random with a fixed seed.
"""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


class Builder:
    """A graph that grows node by node; values are names."""

    def __init__(self, *shape):
        self.random = np.random.default_rng(0)
        self.nodes, self.constants = [], []
        self.shape = list(shape)

    def constant(self, array):
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def weights(self, *shape, fan=None):
        fan = fan or int(np.prod(shape[1:])) or 1
        scale = np.float32((2 / fan) ** 0.5)
        return self.constant(
            self.random.standard_normal(shape, np.float32) * scale)

    def add(self, operator, *inputs, **attributes):
        name = f"v{len(self.nodes)}"
        self.nodes.append(
            helper.make_node(operator, list(inputs), [name], name,
                             **attributes))
        return name

    def conv(self, x, inputs, outputs, kernel, stride=1, groups=1,
             activation="Relu"):
        pad = kernel // 2
        x = self.add("Conv", x, self.weights(outputs, inputs // groups, kernel,
                                             kernel),
                     self.weights(outputs, fan=outputs), group=groups,
                     kernel_shape=[kernel] * 2, strides=[stride] * 2,
                     pads=[pad] * 4)
        return self.add(activation, x) if activation else x

    def matmul(self, x, inputs, outputs):
        x = self.add("MatMul", x, self.weights(inputs, outputs, fan=inputs))
        return self.add("Add", x, self.weights(outputs, fan=outputs))

    def model(self, result):
        value = helper.make_tensor_value_info
        graph = helper.make_graph(
            self.nodes, "benchmark",
            [value("x", TensorProto.FLOAT, self.shape)],
            [value(result, TensorProto.FLOAT, None)], self.constants)
        return helper.make_model(
            graph, ir_version=8,
            opset_imports=[helper.make_opsetid("", 17)])


def conv3x3():
    b = Builder(1, 32, 20, 20)
    return b.model(b.conv("x", 32, 32, 3))


def conv3x3_stride2():
    b = Builder(1, 24, 21, 21)
    return b.model(b.conv("x", 24, 40, 3, stride=2))


def first_layer():
    b = Builder(1, 3, 32, 32)
    return b.model(b.conv("x", 3, 16, 3, stride=2))


def pointwise():
    b = Builder(1, 64, 12, 12)
    return b.model(b.conv("x", 64, 72, 1))


def depthwise():
    b = Builder(1, 48, 16, 16)
    return b.model(b.conv("x", 48, 48, 3, groups=48))


def grouped():
    b = Builder(1, 48, 14, 14)
    return b.model(b.conv("x", 48, 48, 3, groups=4))


def dense():
    b = Builder(1, 256)
    return b.model(b.matmul("x", 256, 128))


def product():
    b = Builder(48, 96)
    return b.model(b.matmul("x", 96, 80))


def inverted_residual():
    """A block of MobileNetV2."""
    b = Builder(1, 16, 16, 16)
    x = b.conv("x", 16, 96, 1)
    x = b.conv(x, 96, 96, 3, groups=96)
    x = b.conv(x, 96, 16, 1, activation=None)
    return b.model(b.add("Add", x, "x"))


def squeeze_excite():
    """A block of MobileNetV3."""
    b = Builder(1, 24, 12, 12)
    x = b.conv("x", 24, 72, 1, activation="HardSwish")
    x = b.conv(x, 72, 72, 5, groups=72, activation="HardSwish")
    s = b.add("GlobalAveragePool", x)
    s = b.conv(s, 72, 16, 1)
    s = b.conv(s, 16, 72, 1, activation="HardSigmoid")
    x = b.conv(b.add("Mul", x, s), 72, 24, 1, activation=None)
    return b.model(b.add("Add", x, "x"))


def attention():
    """One layer of a transformer with two heads."""
    b = Builder(1, 24, 64)

    def heads(x, permutation):
        x = b.add("Reshape", b.matmul(x, 64, 64),
                  b.constant(np.array([1, 24, 2, 32], np.int64)))
        return b.add("Transpose", x, perm=permutation)

    def norm(x):
        return b.add("LayerNormalization", x,
                     b.constant(np.ones(64, np.float32)),
                     b.constant(np.zeros(64, np.float32)))

    q, v = heads("x", [0, 2, 1, 3]), heads("x", [0, 2, 1, 3])
    scores = b.add("MatMul", q, heads("x", [0, 2, 3, 1]))
    scores = b.add("Mul", scores,
                   b.constant(np.array(32 ** -0.5, np.float32)))
    x = b.add("MatMul", b.add("Softmax", scores), v)
    x = b.add("Reshape", b.add("Transpose", x, perm=[0, 2, 1, 3]),
              b.constant(np.array([1, 24, 64], np.int64)))
    x = norm(b.add("Add", b.matmul(x, 64, 64), "x"))
    h = b.matmul(x, 64, 128)
    e = b.add("Erf", b.add("Mul", h,
                           b.constant(np.array(2 ** -0.5, np.float32))))
    e = b.add("Add", e, b.constant(np.array(1, np.float32)))
    h = b.add("Mul", b.add("Mul", h, e),
              b.constant(np.array(0.5, np.float32)))
    return b.model(norm(b.add("Add", b.matmul(h, 128, 64), x)))


def recurrent():
    b = Builder(12, 1, 24)
    h = 32
    return b.model(b.add("Squeeze", b.add(
        "LSTM", "x", b.weights(1, 4 * h, 24), b.weights(1, 4 * h, h),
        b.weights(1, 8 * h, fan=8 * h), hidden_size=h),
        b.constant(np.array([1], np.int64))))


def upsample():
    b = Builder(1, 16, 10, 10)
    x = b.add("Resize", "x", "", b.constant(np.array([1, 1, 2, 2], np.float32)),
              mode="linear")
    return b.model(b.add("Sigmoid", x))


def pools():
    b = Builder(1, 20, 17, 17)
    x = b.add("MaxPool", "x", kernel_shape=[3, 3], strides=[2, 2])
    return b.model(b.add("GlobalAveragePool", x))


def quantized():
    """Two convolutions between QuantizeLinear and DequantizeLinear."""
    b = Builder(1, 16, 14, 14)

    def through(x, scale):
        scale = b.constant(np.array(scale, np.float32))
        zero = b.constant(np.array(3, np.int8))
        return b.add("DequantizeLinear",
                     b.add("QuantizeLinear", x, scale, zero), scale, zero)

    def weights(*shape):
        w = b.random.integers(-127, 128, shape, np.int8)
        scale = b.random.uniform(0.001, 0.003, shape[0]).astype(np.float32)
        zero = b.constant(np.zeros(shape[0], np.int8))
        return b.add("DequantizeLinear", b.constant(w), b.constant(scale),
                     zero, axis=0)

    x = through("x", 0.03)
    x = b.add("Conv", x, weights(32, 16, 3, 3), pads=[1] * 4)
    x = through(b.add("Relu", x), 0.05)
    x = b.add("Conv", x, weights(32, 1, 3, 3), group=32, pads=[1] * 4)
    x = through(b.add("Relu", x), 0.05)
    x = b.add("Conv", x, weights(24, 32, 1, 1))
    return b.model(through(x, 0.1))


ALL = [conv3x3, conv3x3_stride2, first_layer, pointwise, depthwise, grouped,
       dense, product, inverted_residual, squeeze_excite, attention, recurrent,
       upsample, pools, quantized]


def save(function, path):
    """Writes the model; returns the shape of its input `x`."""
    # Results have no declared shapes.
    model = onnx.shape_inference.infer_shapes(function())
    onnx.save(model, path)
    return [d.dim_value
            for d in model.graph.input[0].type.tensor_type.shape.dim]
