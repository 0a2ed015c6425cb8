# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes a convolutional network that ONNX Runtime has quantised to int8 as the
.tflite file that a converter would make of it. A part of the suite npu."""
import flatbuffers
import numpy as np
import onnx
from onnx import numpy_helper

# Numbers of the schema of TensorFlow Lite.
INT32, INT8 = 2, 9
SAME, VALID = 0, 1
ADD, AVERAGE_POOL, CONV, DEPTHWISE, FULLY_CONNECTED = 0, 1, 3, 4, 9
MAX_POOL, PAD, TRANSPOSE, MEAN = 17, 34, 39, 40
OPTIONS = {ADD: 11, AVERAGE_POOL: 5, CONV: 1, DEPTHWISE: 2, FULLY_CONNECTED: 8,
           MAX_POOL: 5, PAD: 22, TRANSPOSE: 26, MEAN: 27}


class File:
    """Tensors and operators, in the order in which they are added."""

    def __init__(self):
        self.tensors, self.operators, self.kinds = [], [], []

    def tensor(self, name, shape, kind, scales=(), zero=0, axis=0, data=None):
        """The number of a new tensor; `data` has its elements if it is known."""
        self.tensors.append((name, shape, kind, scales, zero, axis, data))
        return len(self.tensors) - 1

    def operator(self, kind, inputs, output, options=()):
        """Adds an operator; `options` are types and values of the first fields of
        its options."""
        if kind not in self.kinds:
            self.kinds.append(kind)
        self.operators.append((kind, inputs, output, options))

    def save(self, path, inputs, outputs):
        self.builder = flatbuffers.Builder(1 << 20)
        # Buffer 0 is that of tensors without data.
        buffers = [self.table()]
        tensors = [self.save_tensor(tensor, buffers)
                   for tensor in self.tensors]
        operators = [self.table(
            (0, "Uint32", self.kinds.index(kind)),
            (1, "Offset", self.numbers(read)),
            (2, "Offset", self.numbers([written])),
            (3, "Uint8", OPTIONS[kind]),
            (4, "Offset", self.table(*[(slot, *option) for slot, option in
                                       enumerate(options)])))
            for kind, read, written, options in self.operators]
        graph = self.table((0, "Offset", self.offsets(tensors)),
                           (1, "Offset", self.numbers(inputs)),
                           (2, "Offset", self.numbers(outputs)),
                           (3, "Offset", self.offsets(operators)))
        codes = [self.table((0, "Int8", kind), (2, "Int32", 2),
                            (3, "Int32", kind)) for kind in self.kinds]
        model = self.table((0, "Uint32", 3),
                           (1, "Offset", self.offsets(codes)),
                           (2, "Offset", self.offsets([graph])),
                           (4, "Offset", self.offsets(buffers)))
        self.builder.Finish(model, b"TFL3")
        with open(path, "wb") as f:
            f.write(self.builder.Output())

    def save_tensor(self, tensor, buffers):
        name, shape, kind, scales, zero, axis, data = tensor
        place = 0
        if data is not None:
            place = len(buffers)
            buffers.append(self.table((0, "Offset", self.bytes(
                data.tobytes()))))
        zeros = np.full(len(scales), zero, np.int64)
        quantization = self.table(
            (2, "Offset", self.numbers(scales, np.float32)),
            (3, "Offset", self.numbers(zeros, np.int64)),
            (6, "Int32", axis)) if len(scales) else None
        return self.table((0, "Offset", self.numbers(shape)),
                          (1, "Int8", kind), (2, "Uint32", place),
                          (3, "Offset", self.builder.CreateString(name)),
                          *([(4, "Offset", quantization)] if quantization
                            else []))

    def table(self, *fields):
        """A table with (slot, type, value)s."""
        types = {"Offset": self.builder.PrependUOffsetTRelativeSlot,
                 "Int8": self.builder.PrependInt8Slot,
                 "Uint8": self.builder.PrependUint8Slot,
                 "Int32": self.builder.PrependInt32Slot,
                 "Uint32": self.builder.PrependUint32Slot}
        self.builder.StartObject(1 + max((f[0] for f in fields), default=0))
        for slot, kind, value in fields:
            types[kind](slot, value, 0 if kind == "Offset" else None)
        return self.builder.EndObject()

    def numbers(self, values, kind=np.int32):
        return self.builder.CreateNumpyVector(np.asarray(values, kind))

    def offsets(self, tables):
        self.builder.StartVector(4, len(tables), 4)
        for table in reversed(tables):
            self.builder.PrependUOffsetTRelative(table)
        return self.builder.EndVector()

    def bytes(self, data):
        """A vector of bytes, aligned as tensors are."""
        self.builder.StartVector(1, len(data), 16)
        self.builder.head -= len(data)
        head = self.builder.Head()
        self.builder.Bytes[head:head + len(data)] = data
        return self.builder.EndVector()


class Converter:
    """A graph whose operators read what DequantizeLinear makes, and whose results
    QuantizeLinear reads."""

    def __init__(self, path):
        model = onnx.shape_inference.infer_shapes(onnx.load(path))
        self.graph = model.graph
        self.file = File()
        self.known = {i.name: numpy_helper.to_array(i)
                      for i in self.graph.initializer}
        self.shapes = {v.name: [d.dim_value
                                for d in v.type.tensor_type.shape.dim]
                       for v in [*self.graph.input, *self.graph.value_info,
                                 *self.graph.output]}
        # What real values are read from, and how they become integers.
        self.dequantized, self.quantized = {}, {}
        for node in self.graph.node:
            if node.op_type == "DequantizeLinear":
                self.dequantized[node.output[0]] = node
            elif node.op_type == "QuantizeLinear":
                self.quantized[node.input[0]] = node
        self.sources = {node.output[0]: real
                        for real, node in self.quantized.items()}
        self.tensors = {}

    def run(self, path):
        [given] = self.graph.input
        inputs = [self.input(given.name)]
        for node in self.graph.node:
            if node.op_type not in ("QuantizeLinear", "DequantizeLinear"):
                getattr(self, "convert_" + node.op_type)(node)
        self.file.save(path, inputs,
                       [self.read(result.name) for result in self.graph.output])

    def input(self, name):
        """The tensor of an input with the dimensions of the ONNX file."""
        _, _, kind, scales, zero, axis, _ = \
            self.file.tensors[self.made(name)]
        given = self.file.tensor(name + ".planes", self.shapes[name], kind,
                                 scales, zero, axis)
        order = self.file.tensor(name + ".order", [4], INT32,
                                 data=np.array([0, 2, 3, 1], np.int32))
        self.file.operator(TRANSPOSE, [given, order], self.tensors[name])
        return given

    def made(self, name):
        """The tensor of a real value that an operator makes."""
        scale, zero = (self.known[n] for n in self.quantized[name].input[1:])
        shape = self.shapes[name]
        if len(shape) == 4:
            shape = [shape[i] for i in (0, 2, 3, 1)]
        self.tensors[name] = self.file.tensor(name, shape, INT8,
                                              [float(scale)], int(zero))
        return self.tensors[name]

    def read(self, name):
        """The tensor of a real value that an operator reads."""
        return self.tensors[self.sources[self.dequantized[name].input[0]]]

    def constant(self, name, order=(0,), axis=0, kind=INT8, shape=None):
        """The tensor of known integers, of which `shape` are the dimensions, put in
        `order`; their scales belong to dimension `axis` of the result."""
        data, scales = (self.known[n]
                        for n in self.dequantized[name].input[:2])
        data = data.reshape(shape or data.shape).transpose(order)
        data = np.ascontiguousarray(data)
        return self.file.tensor(name, data.shape, kind, np.atleast_1d(scales),
                                axis=axis, data=data)

    def convert_Conv(self, node):
        attributes = {a.name: onnx.helper.get_attribute_value(a)
                      for a in node.attribute}
        steps, groups = attributes["strides"], attributes["group"]
        x, padding = self.read(node.input[0]), VALID
        if attributes["pads"] != [0, 0, 0, 0]:
            # SAME puts what is odd at the end.
            if steps == [1, 1]:
                padding = SAME
            else:
                x = self.pad(x, *attributes["pads"])
        # (output channels, height, width, input channels), or (1, height, width,
        # channels)
        weights = self.constant(node.input[1], (1, 2, 3, 0), 3) if groups > 1 \
            else self.constant(node.input[1], (0, 2, 3, 1))
        bias = self.constant(node.input[2], kind=INT32)
        options = [("Int8", padding), ("Int32", steps[1]), ("Int32", steps[0])]
        if groups > 1:
            options.append(("Int32", 1))
        self.file.operator(DEPTHWISE if groups > 1 else CONV,
                           [x, weights, bias], self.made(node.output[0]),
                           options)

    def pad(self, x, top, left, bottom, right):
        name, shape, kind, scales, zero, axis, _ = self.file.tensors[x]
        shape = [shape[0], shape[1] + top + bottom, shape[2] + left + right,
                 shape[3]]
        amounts = np.array([[0, 0], [top, bottom], [left, right], [0, 0]],
                           np.int32)
        padded = self.file.tensor(name + ".padded", shape, kind, scales, zero,
                                  axis)
        self.file.operator(PAD, [x, self.file.tensor(
            name + ".amounts", [4, 2], INT32, data=amounts)], padded)
        return padded

    def convert_Add(self, node):
        self.file.operator(ADD, [self.read(n) for n in node.input],
                           self.made(node.output[0]))

    def convert_GlobalAveragePool(self, node):
        """Also ReduceMean over height and width."""
        axes = self.file.tensor(node.output[0] + ".axes", [2], INT32,
                                data=np.array([1, 2], np.int32))
        keeps = len(self.shapes[node.output[0]]) == 4
        self.file.operator(MEAN, [self.read(node.input[0]), axes],
                           self.made(node.output[0]), [("Int8", int(keeps))])

    convert_ReduceMean = convert_GlobalAveragePool

    def convert_MaxPool(self, node):
        """Also AveragePool; without a border."""
        attributes = {a.name: onnx.helper.get_attribute_value(a)
                      for a in node.attribute}
        steps, window = attributes["strides"], attributes["kernel_shape"]
        kind = MAX_POOL if node.op_type == "MaxPool" else AVERAGE_POOL
        self.file.operator(
            kind, [self.read(node.input[0])], self.made(node.output[0]),
            [("Int8", VALID), ("Int32", steps[1]), ("Int32", steps[0]),
             ("Int32", window[1]), ("Int32", window[0])])

    convert_AveragePool = convert_MaxPool

    def convert_Flatten(self, node):
        """What reads it has weights in the order of pixels."""
        self.tensors[node.output[0]] = self.read(node.input[0])

    def convert_Gemm(self, node):
        x, weights, bias = self.read(node.input[0]), *node.input[1:]
        outputs = self.shapes[node.output[0]][1]
        shape = self.file.tensors[x][1]
        _, height, width, channels = shape if len(shape) == 4 else \
            [1, 1, 1, shape[1]]
        packed = self.constant(weights, (0, 2, 3, 1), shape=[
            outputs, channels, height, width])
        name, _, kind, scales, zero, axis, data = self.file.tensors[packed]
        self.file.tensors[packed] = (name, [outputs, data.size // outputs],
                                     kind, scales, zero, axis, data)
        self.file.operator(FULLY_CONNECTED,
                           [x, packed, self.constant(bias, kind=INT32)],
                           self.made(node.output[0]))


def convert(source, target):
    """Writes the network of the ONNX file `source` to `target`. It has operators of
    the `Converter` only, one input with four dimensions in the same order, and
    outputs; they are int8 in the file."""
    Converter(source).run(target)
