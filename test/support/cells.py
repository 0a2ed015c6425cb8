# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Quantised LSTM and GRU networks, and their bits in NumPy, as
docs/rationale/quantization.md defines them."""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

GATES = {"LSTM": 4, "GRU": 3}
INPUT_SCALE, INPUT_ZERO = np.float32(0.03), 121
F32, F64, I64 = np.float32, np.float64, np.int64


def saturate(x, kind=np.int16):
    limits = np.iinfo(kind)
    return np.clip(x, limits.min, limits.max).astype(I64)


def rounded(numbers, bits):
    """f32 numbers as 16 bits with `bits` of them behind the point."""
    return saturate(np.rint(numbers * F32(2.0**bits)))


def shifted(x, bits):
    return (x + (1 << (bits - 1))) >> bits


def bits_for(most):
    return min(12, -int(np.frexp(most / 32767)[1]))


def chords(function):
    ends = np.arange(-128, 129) / 16
    y = np.clip(np.rint(function(ends) * 32768), -32767, 32767).astype(I64)

    def of(x):
        i = (x >> 8) + 128
        return y[i] + shifted((y[i + 1] - y[i]) * (x & 255), 8)
    return of


SIGMOID = chords(lambda x: 1 / (1 + np.exp(-x)))
TANH = chords(np.tanh)


class Cell:
    """A direction with its weights, stored as (gates * units, columns)."""

    def __init__(self, random, kind, inputs, units, before_reset, per_channel):
        self.kind, self.units, self.before_reset = kind, units, before_reset
        rows = GATES[kind] * units

        def matrix(columns):
            q = random.integers(-127, 128, (rows, columns)).astype(np.int8)
            scales = random.uniform(0.3, 1, rows if per_channel else 1) / (
                60 * np.sqrt(columns))
            return q, scales.astype(F32)
        self.w, self.w_scale = matrix(inputs)
        self.r, self.r_scale = matrix(units)
        self.b = random.normal(0, 0.3, 2 * rows).astype(F32)

    def run(self, x, scale, zero):
        """The stored states of (T, N, I) stored inputs; `scale` and `zero` are
        those of the states, which are i8."""
        rows, h = GATES[self.kind] * self.units, self.units
        bias, recurrent_bias = self.b[:rows], self.b[rows:]
        if self.kind == "LSTM" or not self.before_reset:
            bias, recurrent_bias = bias + recurrent_bias, None
        factor = F64(INPUT_SCALE) * np.broadcast_to(F64(self.w_scale), rows)
        sums = (x.astype(I64) - INPUT_ZERO) @ self.w.T.astype(I64)
        sums += np.rint(F64(bias) / factor).astype(I64)
        projected = (np.abs(self.w.astype(I64)).sum(1) * 134 * factor +
                     np.abs(F64(bias))).max()
        own = F64(scale) * np.broadcast_to(F64(self.r_scale), rows)
        most = max(F64(scale) * max(127 - zero, zero + 128), 1)
        recurrent = np.abs(self.r.astype(I64)).sum(1) * most * own / F64(scale)
        if recurrent_bias is not None:
            recurrent = recurrent + np.abs(F64(recurrent_bias))
        recurrent = recurrent.max()
        p, q = bits_for(min(projected, recurrent + 8)), bits_for(recurrent)
        x16 = rounded(sums.astype(F32) * factor.astype(F32), p)

        def product(state, gates):
            chosen = slice(gates[0] * h, gates[1] * h)
            sums = (state - zero) @ self.r[chosen].T.astype(I64)
            result = sums.astype(F32) * own[chosen].astype(F32)
            if recurrent_bias is not None:
                result = result + recurrent_bias[chosen]
            return result

        def gate(numbers, own):
            return rounded(numbers + own.astype(F32) * F32(2.0**-p), 12)

        def to_state(integers, bits):
            factor = F32(F64(2.0**-bits) / F64(scale))
            numbers = np.rint(integers.astype(F32) * factor)
            return np.clip(numbers, -128 - zero, 127 - zero).astype(I64) + zero

        batch = x.shape[1]
        state = np.full((batch, h), zero, I64)
        wide, states = np.zeros((batch, h), I64), []
        for step in x16:
            if self.kind == "LSTM":
                g = gate(product(state, (0, 4)), step)
                i, o, f = (SIGMOID(g[:, k * h:(k + 1) * h]) for k in range(3))
                new = shifted(i * TANH(g[:, 3 * h:]), 4)
                wide = saturate(shifted(f * wide + new, 15))
                t = TANH(np.clip(wide, -16384, 16383) << 1)
                state = to_state(o * t, 30)
            else:
                g = SIGMOID(gate(product(state, (0, 2)), step[:, :2 * h]))
                z, r, own_part = g[:, :h], g[:, h:], step[:, 2 * h:]
                if self.before_reset:
                    hidden = rounded(product(state, (2, 3)), q)
                    n = saturate((own_part << (12 - p)) +
                                 shifted(r * hidden, 3 + q))
                else:
                    damped = to_state(r * wide, 30)
                    n = gate(product(damped, (2, 3)), own_part)
                n = TANH(n)
                wide = n + shifted(z * (wide - n), 15)
                state = to_state(wide, 15)
            states.append(state)
        return np.stack(states)


class Network:
    """One recurrent node between QuantizeLinear and DequantizeLinear."""

    def __init__(self, kind, direction, time, batch, inputs, units, seed,
                 before_reset=False, per_channel=True):
        random = np.random.default_rng(seed)
        self.reverse = {"forward": [False], "reverse": [True],
                        "bidirectional": [False, True]}[direction]
        self.cells = [Cell(random, kind, inputs, units, before_reset,
                           per_channel) for _ in self.reverse]
        if not per_channel:
            for name in ("w_scale", "r_scale"):
                setattr(self.cells[-1], name, getattr(self.cells[0], name))
        elif len(self.cells) > 1:
            # An axis has one list of scales, for both directions.
            for name in ("w_scale", "r_scale"):
                setattr(self.cells[1], name, getattr(self.cells[0], name))
        self.scale, self.zero = F32(1 / 127), 0
        self.x = random.integers(0, 256, (time, batch, inputs)).astype(np.uint8)
        self.feed = {"x": self.x}
        attributes = {"linear_before_reset": int(before_reset)} if (
            kind == "GRU") else {}
        self.constants, self.nodes = [], []
        scale, zero = self.constant(INPUT_SCALE), self.constant(
            np.uint8(INPUT_ZERO))
        self.add("DequantizeLinear", ["x", scale, zero], "x_real")
        axis = {"axis": 1} if per_channel else {}
        for name in ("w", "r"):
            scales = getattr(self.cells[0], name + "_scale")
            integers = np.stack([getattr(c, name) for c in self.cells])
            self.add("DequantizeLinear", [
                self.constant(integers), self.constant(
                    scales if per_channel else scales[0]),
                self.constant(np.zeros(scales.shape if per_channel else (),
                                       np.int8))], name + "_real", **axis)
        biases = self.constant(np.stack([c.b for c in self.cells]))
        self.add(kind, ["x_real", "w_real", "r_real", biases], "y_real",
                 hidden_size=units, direction=direction, **attributes)
        self.add("QuantizeLinear", [
            "y_real", self.constant(self.scale),
            self.constant(np.int8(self.zero))], "y")
        self.shape = (time, len(self.cells), batch, units)

    def constant(self, array):
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def add(self, op, inputs, output, **attributes):
        self.nodes.append(helper.make_node(op, inputs, [output], **attributes))

    def save(self, path):
        graph = helper.make_graph(
            self.nodes, "cells",
            [helper.make_tensor_value_info("x", TensorProto.UINT8,
                                           self.x.shape)],
            [helper.make_tensor_value_info("y", TensorProto.INT8, self.shape)],
            self.constants)
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", 17)])
        model.ir_version = 8
        onnx.save(model, path)

    def want(self):
        """The integers of the states, (T, D, N, H)."""
        states = []
        for cell, reverse in zip(self.cells, self.reverse):
            step = -1 if reverse else 1
            states.append(cell.run(self.x[::step], self.scale,
                                   self.zero)[::step])
        return np.stack(states, 1).astype(np.int8)


NETWORKS = {
    "lstm": Network("LSTM", "forward", 12, 1, 10, 17, 1),
    "lstm bidirectional": Network("LSTM", "bidirectional", 7, 3, 5, 8, 2),
    "lstm per tensor": Network("LSTM", "reverse", 9, 2, 16, 32, 3,
                               per_channel=False),
    "gru": Network("GRU", "bidirectional", 9, 2, 7, 20, 4),
    "gru before reset": Network("GRU", "forward", 20, 1, 24, 33, 5,
                                before_reset=True)}
