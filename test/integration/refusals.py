#!/usr/bin/env python3
# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Bad input gets one clear error, a non-zero exit and no output file.

Each test makes a faulty input, runs edgecc or edgecc-run on it and looks for
what the message must name.
"""
import functools
import json
import os
import re
import sys
import tempfile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import suite

DIGITS = os.path.join(suite.MODELS, "digits_cnn.onnx")
TESTS = []


def refusal(*words, errors=1):
    """Registers a test: a function (folder) that returns the arguments; there
    must be `errors` errors, and they must match every one of `words`."""
    def register(function):
        TESTS.append((function.__name__.replace("_", "-"),
                      functools.partial(check, function, words, errors)))
        return function
    return register


def check(function, words, expected, options):
    with tempfile.TemporaryDirectory() as folder:
        args = function(folder)
        tool = "edgecc"
        if args[0] == "edgecc-run":
            tool, args = args[0], args[1:]
            target = os.path.join(folder, "out.npz")
            args = [*args, "--outputs=" + target]
        else:
            target = os.path.join(folder, "out.o")
            if "-o" not in args:
                args = [*args, "-o", target]
        p = suite.command([os.path.join(options.bin, tool), *args],
                          options.timeout)
        if not 0 < p.returncode < 124:
            raise suite.Failure(f"exit {p.returncode}: {p.stderr[:200]}")
        left = [target, target[:-2] + ".h"]
        if any(os.path.exists(path) for path in left):
            raise suite.Failure("left an output file")
        if p.stdout:
            raise suite.Failure("writes to standard output: " + p.stdout[:100])
        errors = len(re.findall(r"\berror:", p.stderr))
        if errors != expected:
            raise suite.Failure(f"{errors} errors: {p.stderr[:200]}")
        for word in words:
            if not re.search(word, p.stderr):
                raise suite.Failure(f"does not say '{word}': {p.stderr[:200]}")
        return p.stderr.strip().splitlines()[0][:90]


def save(folder, nodes, shape=(1, 4), opset=17, initializers=(), imports=(),
         output=(1, 4), name="model.onnx"):
    """A model from x to y, both f32, with the nodes in between."""
    graph = helper.make_graph(
        nodes, "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, output)],
        list(initializers))
    model = helper.make_model(
        graph, ir_version=8,
        opset_imports=[helper.make_opsetid("", opset), *imports])
    path = os.path.join(folder, name)
    with open(path, "wb") as f:
        f.write(model.SerializeToString())
    return path


def node(op, *inputs, name="", output="y", **attributes):
    return helper.make_node(op, list(inputs), [output], name=name or op,
                            **attributes)


def external(folder, location):
    weight = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1, 4],
                         data_location=TensorProto.EXTERNAL)
    weight.external_data.add(key="location", value=location)
    return [save(folder, [node("Add", "x", "w")], initializers=[weight])]


def run_with(folder, **arrays):
    path = os.path.join(folder, "in.npz")
    suite.write_npz(path, arrays)
    return ["edgecc-run", DIGITS, "--inputs=" + path]


IMAGE = np.zeros((1, 1, 8, 8), np.float32)


@refusal("no_such.onnx")
def missing_file(folder):
    return [os.path.join(folder, "no_such.onnx")]


def mapped(folder, text):
    path = os.path.join(folder, "map.json")
    with open(path, "w") as f:
        f.write(text if isinstance(text, str) else json.dumps(
            {"regions": text}))
    return [DIGITS, "-mcpu=cortex-m7", "--memory-map=" + path]


@refusal("no_such.json")
def missing_memory_map(folder):
    return [DIGITS, "--memory-map=" + os.path.join(folder, "no_such.json")]


@refusal("map.json", "Invalid JSON")
def memory_map_without_json(folder):
    return mapped(folder, "regions: []")


@refusal('an object with an array "regions"')
def memory_map_without_regions(folder):
    return mapped(folder, "[]")


@refusal("'a-b'", "for a parameter")
def memory_map_bad_name(folder):
    return mapped(folder, [{"name": "a-b", "size": 4096}])


@refusal("for a parameter", "'arena'")
def memory_map_taken_name(folder):
    return mapped(folder, [{"name": "arena", "size": 4096}])


@refusal("'tcm'", "\"size\" in bytes")
def memory_map_bad_size(folder):
    return mapped(folder, [{"name": "tcm", "size": "64kB"}])


@refusal("'tcm'", 'unknown key "speed"')
def memory_map_unknown_key(folder):
    return mapped(folder, [{"name": "tcm", "size": 4096, "speed": 1}])


@refusal("'tcm'", '"bytes_per_cycle"')
def memory_map_bad_speed(folder):
    return mapped(folder, [{"name": "tcm", "size": 4096,
                            "bytes_per_cycle": 0}])


@refusal('"dma_bytes_per_cycle" to be a number above 0')
def memory_map_bad_dma(folder):
    return mapped(folder, json.dumps({
        "regions": [{"name": "tcm", "size": 4096}],
        "dma_bytes_per_cycle": "fast"}))


@refusal("two regions are called 'TCM'")
def memory_map_same_names(folder):
    return mapped(folder, [{"name": "tcm", "size": 4096},
                           {"name": "TCM", "size": 4096}])


@refusal("'tcm'", '"npu" to be true, false or')
def memory_map_bad_npu(folder):
    return mapped(folder, [{"name": "tcm", "size": 4096, "npu": "near"}])


@refusal("can be written")
def memory_map_of_the_npu_alone(folder):
    return mapped(folder, [{"name": "tcm", "size": 4096, "npu": "fast"}])


@refusal("no region that the NPU reaches")
def memory_map_without_the_npu(folder):
    return [*mapped(folder, [{"name": "tcm", "size": 4096, "npu": False}]),
            "--npu=edge-sim"]


@refusal("can be written")
def memory_map_read_only(folder):
    return mapped(folder, [{"name": "flash", "size": 4096, "access": "r"}])


@refusal("bytes of 'sram', but the memory map allows 4096", "bytes: arena")
def memory_map_too_small(folder):
    return mapped(folder, [{"name": "sram", "size": 4096}])


@refusal("bytes of 'flash', but the memory map allows 8192", "constants of")
def memory_map_small_flash(folder):
    return mapped(folder, [{"name": "sram", "size": "64K"},
                           {"name": "flash", "size": "8K", "access": "r"}])


@refusal("--memory-map is for one thread")
def memory_map_with_threads(folder):
    return [*mapped(folder, [{"name": "sram", "size": "64K"}]), "-fthreads=2"]


@refusal("cut.onnx")
def truncated_file(folder):
    path = os.path.join(folder, "cut.onnx")
    with open(DIGITS, "rb") as f, open(path, "wb") as cut:
        cut.write(f.read()[:20000])
    return [path]


@refusal("text.onnx")
def not_a_model(folder):
    path = os.path.join(folder, "text.onnx")
    with open(path, "w") as f:
        f.write("this is no model\n" * 100)
    return [path]


@refusal("empty.onnx")
def empty_file(folder):
    path = os.path.join(folder, "empty.onnx")
    open(path, "w").close()
    return [path]


@refusal("")
def a_folder(folder):
    return [folder]


@refusal("Frobnicate", "first", "17")
def unknown_operator(folder):
    return [save(folder, [node("Frobnicate", "x", name="first")])]


@refusal("my.company", "Frobnicate", "Twiddle", "first", "second", errors=2)
def unknown_domain_names_all_nodes(folder):
    return [save(folder, [
        node("Frobnicate", "x", name="first", output="t", domain="my.company"),
        node("Relu", "t", output="u"),
        node("Twiddle", "u", name="second", domain="my.company")],
        imports=[helper.make_opsetid("my.company", 3)])]


@refusal("Conv", "auto_pad")
def unsupported_attribute_value(folder):
    weight = numpy_helper.from_array(np.ones((1, 1, 3, 3), np.float32), "w")
    return [save(folder, [node("Conv", "x", "w", auto_pad="SOMEHOW")],
                 shape=(1, 1, 8, 8), output=(1, 1, 6, 6),
                 initializers=[weight])]


def dequantized(folder, scale, zero):
    """A model that reads integers with this scale and zero point."""
    return [save(folder, [node("DequantizeLinear", "c", "c_scale", "c_zero",
                               name="decode", output="d"),
                          node("Add", "x", "d")],
                 initializers=[
                     numpy_helper.from_array(np.ones((1, 4), zero.dtype), "c"),
                     numpy_helper.from_array(np.float32(scale), "c_scale"),
                     numpy_helper.from_array(zero, "c_zero")])]


@refusal("decode", "the scale 'c_scale' is -0.5", "above 0")
def negative_scale(folder):
    return dequantized(folder, -0.5, np.int8(0))


@refusal("decode", "the scale 'c_scale' is nan", "above 0")
def scale_that_is_no_number(folder):
    return dequantized(folder, np.nan, np.int8(0))


@refusal("decode", "the zero point 'c_zero' is 3", "expected 0")
def zero_point_out_of_range(folder):
    return dequantized(folder, 0.5, np.int32(3))


@refusal("weights.bin")
def missing_external_data(folder):
    return external(folder, "weights.bin")


@refusal(r"\.\./weights.bin")
def external_data_outside_the_folder(folder):
    inner = os.path.join(folder, "inner")
    os.mkdir(inner)
    with open(os.path.join(folder, "weights.bin"), "wb") as f:
        f.write(bytes(16))
    return external(inner, "../weights.bin")


@refusal("/weights.bin")
def external_data_at_an_absolute_path(folder):
    path = os.path.join(folder, "weights.bin")
    with open(path, "wb") as f:
        f.write(bytes(16))
    inner = os.path.join(folder, "inner")
    os.mkdir(inner)
    return external(inner, path)


@refusal("Add")
def contradictory_shapes(folder):
    weight = numpy_helper.from_array(np.ones((1, 5), np.float32), "w")
    return [save(folder, [node("Add", "x", "w", name="Add")],
                 initializers=[weight])]


@refusal("width", r"--shape")
def unresolved_symbolic_dimension(folder):
    return [save(folder, [node("Relu", "x")], shape=(1, "width"),
                 output=(1, "width"))]


@refusal("--shape|shape", "nosuch")
def shape_of_an_unknown_input(folder):
    return [DIGITS, "--shape=nosuch:1x2"]


@refusal("image")
def shape_that_contradicts_the_model(folder):
    return [DIGITS, "--shape=image:1x1x9x8"]


@refusal("cortex-a7222", "did you mean", "cortex-a72")
def unknown_cpu(folder):
    return [DIGITS, "-mcpu=cortex-a7222"]


@refusal("thumbv6m-unknown-none-eabihf", "registers that 'cortex-m0' has not")
def calls_in_registers_that_are_not_there(folder):
    return [DIGITS, "-mcpu=cortex-m0", "--target=thumbv6m-none-eabihf"]


@refusal("nosuch")
def unknown_triple(folder):
    return [DIGITS, "--target=nosuch-vendor-os"]


@refusal(r"nowhere/out\.o")
def unwritable_output(folder):
    return [DIGITS, "-o", os.path.join(folder, "nowhere", "out.o")]


@refusal("2bad")
def name_that_is_not_c(folder):
    return [DIGITS, "--name=2bad"]


@refusal("picture", "image")
def wrong_name_in_npz(folder):
    return run_with(folder, picture=IMAGE, image2=IMAGE)


@refusal("image", "8x9|8, 9")
def wrong_shape_in_npz(folder):
    return run_with(folder, image=np.zeros((1, 1, 8, 9), np.float32))


@refusal("image", "f64|float64|double")
def wrong_type_in_npz(folder):
    return run_with(folder, image=IMAGE.astype(np.float64))


@refusal("in.npz")
def broken_npz(folder):
    path = os.path.join(folder, "in.npz")
    with open(path, "w") as f:
        f.write("not a zip file")
    return ["edgecc-run", DIGITS, "--inputs=" + path]


@refusal("none.npz")
def missing_npz(folder):
    return ["edgecc-run", DIGITS,
            "--inputs=" + os.path.join(folder, "none.npz")]


if __name__ == "__main__":
    sys.exit(suite.main(__doc__, TESTS))
