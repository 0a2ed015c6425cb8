# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Train a small CNN on scikit-learn's digits with numpy, export it as ONNX.

The network has what embedded CNNs have: a convolution, a depthwise and a
pointwise one, a residual block, batch norms, two kinds of pooling and a fully
connected layer. Every layer holds its parameters in `p`, their gradients in
`g`, and knows the ONNX nodes it becomes. Activations are N x C x H x W.
"""
import os
import sys

import numpy as np
import onnx
import onnxruntime as ort
from numpy.lib.stride_tricks import sliding_window_view
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

SEED = 20261121
EPOCHS = 40
BATCH = 32
CHANNELS = 12, 24
GOAL = 0.97


class Graph:
    """The nodes and initializers of the exported model."""

    def __init__(self):
        self.nodes, self.initializers = [], []

    def constant(self, name, value):
        value = np.ascontiguousarray(value)
        self.initializers.append(numpy_helper.from_array(value, name))
        return name

    def node(self, op, inputs, name, **attributes):
        self.nodes.append(
            helper.make_node(op, inputs, [name], name=name, **attributes))
        return name


class Conv:
    """3x3 or 1x1 convolution, same padding, no bias, optionally depthwise."""

    def __init__(self, name, rng, cin, cout, size, depthwise=False):
        fan_in = size * size * (1 if depthwise else cin)
        shape = (cout, 1 if depthwise else cin, size, size)
        weight = rng.normal(0, np.sqrt(2 / fan_in), shape)
        self.name, self.size, self.depthwise = name, size, depthwise
        self.p = {"weight": weight.astype(np.float32)}

    def windows(self, x):
        pad = self.size // 2
        x = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
        return sliding_window_view(x, (self.size, self.size), axis=(2, 3))

    def forward(self, x, train):
        self.seen = self.windows(x)
        w = self.p["weight"]
        if self.depthwise:
            return np.einsum("nchwij,cij->nchw", self.seen, w[:, 0],
                             optimize=True)
        return np.einsum("nchwij,ocij->nohw", self.seen, w, optimize=True)

    def backward(self, dy):
        w = self.p["weight"]
        flipped = w[:, :, ::-1, ::-1]
        if self.depthwise:
            self.g = {"weight": np.einsum("nchwij,nchw->cij", self.seen, dy,
                                          optimize=True)[:, None]}
            return np.einsum("nchwij,cij->nchw", self.windows(dy),
                             flipped[:, 0], optimize=True)
        self.g = {"weight": np.einsum("nchwij,nohw->ocij", self.seen, dy,
                                      optimize=True)}
        return np.einsum("nohwij,ocij->nchw", self.windows(dy), flipped,
                         optimize=True)

    def export(self, graph, x):
        weight = graph.constant(self.name + ".weight", self.p["weight"])
        return graph.node(
            "Conv", [x, weight], self.name,
            kernel_shape=[self.size] * 2, pads=[self.size // 2] * 4,
            group=len(self.p["weight"]) if self.depthwise else 1)


class BatchNorm:
    EPSILON = 1e-5

    def __init__(self, name, channels):
        self.name = name
        self.p = {"scale": np.ones(channels, np.float32),
                  "bias": np.zeros(channels, np.float32)}
        self.mean = np.zeros(channels, np.float32)
        self.var = np.ones(channels, np.float32)

    def forward(self, x, train):
        mean, var = self.mean, self.var
        if train:
            mean, var = x.mean((0, 2, 3)), x.var((0, 2, 3))
            self.mean = 0.9 * self.mean + 0.1 * mean
            self.var = 0.9 * self.var + 0.1 * var
        self.inverse = 1 / np.sqrt(var + self.EPSILON)
        self.normal = (x - mean[:, None, None]) * self.inverse[:, None, None]
        return (self.normal * self.p["scale"][:, None, None] +
                self.p["bias"][:, None, None])

    def backward(self, dy):
        self.g = {"scale": (dy * self.normal).sum((0, 2, 3)),
                  "bias": dy.sum((0, 2, 3))}
        count = dy.size / dy.shape[1]
        factor = (self.p["scale"] * self.inverse / count)[:, None, None]
        return factor * (count * dy - self.g["bias"][:, None, None] -
                         self.normal * self.g["scale"][:, None, None])

    def export(self, graph, x):
        values = dict(self.p, mean=self.mean, var=self.var)
        names = [graph.constant(f"{self.name}.{k}", v.astype(np.float32))
                 for k, v in values.items()]
        return graph.node("BatchNormalization", [x] + names, self.name,
                          epsilon=self.EPSILON)


class Relu:
    def __init__(self, name):
        self.name, self.p, self.g = name, {}, {}

    def forward(self, x, train):
        self.positive = x > 0
        return x * self.positive

    def backward(self, dy):
        return dy * self.positive

    def export(self, graph, x):
        return graph.node("Relu", [x], self.name)


class Pool:
    """2x2 pooling with stride 2: `MaxPool` or `AveragePool`."""

    def __init__(self, name, kind):
        self.name, self.kind, self.p, self.g = name, kind, {}, {}

    @staticmethod
    def blocks(x):
        n, c, h, w = x.shape
        return x.reshape(n, c, h // 2, 2, w // 2, 2)

    def forward(self, x, train):
        blocks = self.blocks(x)
        if self.kind == "AveragePool":
            self.share = np.full(blocks.shape, 0.25, np.float32)
            return blocks.mean((3, 5))
        best = blocks.max((3, 5), keepdims=True)
        hits = blocks == best
        self.share = hits / hits.sum((3, 5), keepdims=True)
        return best[:, :, :, 0, :, 0]

    def backward(self, dy):
        dx = self.share * dy[:, :, :, None, :, None]
        n, c, h, _, w, _ = dx.shape
        return dx.reshape(n, c, 2 * h, 2 * w)

    def export(self, graph, x):
        return graph.node(self.kind, [x], self.name, kernel_shape=[2, 2],
                          strides=[2, 2])


class Dense:
    """Flatten, then a fully connected layer."""

    def __init__(self, name, rng, cin, cout):
        self.name = name
        weight = rng.normal(0, np.sqrt(1 / cin), (cout, cin))
        self.p = {"weight": weight.astype(np.float32),
                  "bias": np.zeros(cout, np.float32)}

    def forward(self, x, train):
        self.shape, self.seen = x.shape, x.reshape(len(x), -1)
        return self.seen @ self.p["weight"].T + self.p["bias"]

    def backward(self, dy):
        self.g = {"weight": dy.T @ self.seen, "bias": dy.sum(0)}
        return (dy @ self.p["weight"]).reshape(self.shape)

    def export(self, graph, x):
        names = [graph.constant(f"{self.name}.{k}", v)
                 for k, v in self.p.items()]
        flat = graph.node("Flatten", [x], self.name + ".flatten", axis=1)
        return graph.node("Gemm", [flat] + names, self.name, transB=1)


class Chain:
    def __init__(self, *layers):
        self.layers = layers

    def forward(self, x, train):
        for layer in self.layers:
            x = layer.forward(x, train)
        return x

    def backward(self, dy):
        for layer in reversed(self.layers):
            dy = layer.backward(dy)
        return dy

    def export(self, graph, x):
        for layer in self.layers:
            x = layer.export(graph, x)
        return x

    def leaves(self):
        for layer in self.layers:
            yield from layer.leaves() if hasattr(layer, "leaves") else [layer]


class Residual(Chain):
    """x + chain(x)."""

    def __init__(self, name, *layers):
        super().__init__(*layers)
        self.name = name

    def forward(self, x, train):
        return x + super().forward(x, train)

    def backward(self, dy):
        return dy + super().backward(dy)

    def export(self, graph, x):
        return graph.node("Add", [super().export(graph, x), x], self.name)


def network(rng):
    a, b = CHANNELS
    return Chain(
        Conv("stem", rng, 1, a, 3), BatchNorm("stem.norm", a),
        Relu("stem.relu"),
        Conv("depthwise", rng, a, a, 3, depthwise=True),
        BatchNorm("depthwise.norm", a), Relu("depthwise.relu"),
        Conv("pointwise", rng, a, b, 1), BatchNorm("pointwise.norm", b),
        Relu("pointwise.relu"),
        Pool("pool", "MaxPool"),
        Residual("residual",
                 Conv("first", rng, b, b, 3), BatchNorm("first.norm", b),
                 Relu("first.relu"),
                 Conv("second", rng, b, b, 3), BatchNorm("second.norm", b)),
        Relu("residual.relu"),
        Pool("mean", "AveragePool"),
        Dense("logits", rng, 4 * b, 10))


class Adam:
    def __init__(self, leaves):
        self.leaves, self.t, self.m, self.v = leaves, 0, {}, {}

    def step(self, rate):
        self.t += 1
        for i, layer in enumerate(self.leaves):
            for key, grad in layer.g.items():
                slot = i, key
                m = self.m[slot] = (0.9 * self.m.get(slot, 0) + 0.1 * grad)
                v = self.v[slot] = (0.999 * self.v.get(slot, 0) +
                                    0.001 * grad * grad)
                m, v = m / (1 - 0.9**self.t), v / (1 - 0.999**self.t)
                layer.p[key] -= (rate * m / (np.sqrt(v) + 1e-8)).astype(
                    np.float32)


def shifted(x, rng):
    """Each picture moved by up to one pixel: eight ways, or not at all."""
    moved = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    rows, columns = rng.integers(0, 3, (2, len(x)))
    return np.stack([m[:, r:r + 8, c:c + 8]
                     for m, r, c in zip(moved, rows, columns)])


def train(net, x, y, rng):
    leaves = list(net.leaves())
    optimizer = Adam(leaves)
    steps = EPOCHS * (len(x) // BATCH)
    for epoch in range(EPOCHS):
        order, loss = rng.permutation(len(x)), 0.0
        for at in range(0, len(x) - BATCH + 1, BATCH):
            pick = order[at:at + BATCH]
            logits = net.forward(shifted(x[pick], rng), True)
            e = np.exp(logits - logits.max(1, keepdims=True))
            soft = e / e.sum(1, keepdims=True)
            rows = np.arange(BATCH), y[pick]
            loss -= np.log(soft[rows]).mean()
            soft[rows] -= 1
            net.backward((soft / BATCH).astype(np.float32))
            optimizer.step(
                0.002 * (1 + np.cos(np.pi * optimizer.t / steps)))
        if epoch % 5 == 4:
            print(f"epoch {epoch + 1:3d}  "
                  f"loss {loss / (len(x) // BATCH):.4f}", flush=True)


def export(net):
    graph = Graph()
    last = net.export(graph, "image")
    model = helper.make_model(
        helper.make_graph(
            graph.nodes, "digits_cnn",
            [helper.make_tensor_value_info("image", TensorProto.FLOAT,
                                           [1, 1, 8, 8])],
            [helper.make_tensor_value_info(last, TensorProto.FLOAT, [1, 10])],
            graph.initializers),
        opset_imports=[helper.make_opsetid("", 17)], ir_version=8,
        producer_name="edgecc train-digits")
    onnx.checker.check_model(model, full_check=True)
    return model


def scaled(pictures):
    return pictures[:, None].astype(np.float32) / 16


def main():
    out = sys.argv[1]
    digits = load_digits()
    pictures = digits.images.astype(np.uint8)
    labels = digits.target.astype(np.uint8)
    train_x, test_x, train_y, test_y = train_test_split(
        pictures, labels, test_size=0.25, stratify=labels, random_state=SEED)

    rng = np.random.default_rng(SEED)
    net = network(rng)
    train(net, scaled(train_x), train_y, rng)
    model = export(net)

    session = ort.InferenceSession(model.SerializeToString(),
                                   providers=["CPUExecutionProvider"])
    logits = np.concatenate([session.run(None, {"image": picture[None]})[0]
                             for picture in scaled(test_x)])
    own = net.forward(scaled(test_x), False)
    assert np.abs(own - logits).max() < 1e-3, "the export computes otherwise"
    right = int((logits.argmax(1) == test_y).sum())
    print(f"{right} of {len(test_y)} test pictures recognised")
    assert right >= GOAL * len(test_y), "not accurate enough to be committed"
    onnx.save(model, os.path.join(out, "digits_cnn.onnx"))
    np.savez(os.path.join(out, "digits_cnn.npz"), pictures=test_x,
             labels=test_y, logits=logits)


if __name__ == "__main__":
    main()
