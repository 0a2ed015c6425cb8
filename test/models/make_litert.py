#!/usr/bin/env python3
# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes litert.npz: what TFLite's reference kernels make of the int8 networks
of a model zoo that lie there as .tflite as well. Needs ai-edge-litert.

usage: make_litert.py ZOO
"""
import json
import os
import sys

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType


def main():
    zoo = sys.argv[1]
    sys.path.insert(0, zoo)
    import make_reference
    with open(os.path.join(zoo, "models.json")) as f:
        entries = json.load(f)
    results = {}
    for m in entries:
        path = os.path.join(zoo, m["file"].replace(".onnx", ".tflite"))
        if not m["name"].endswith("_int8") or not os.path.exists(path):
            continue
        network = Interpreter(
            path,
            experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
        network.allocate_tensors()
        for case in range(m.get("cases", 1)):
            x, = make_reference.gen_inputs(m["inputs"], case)
            network.set_tensor(network.get_input_details()[0]["index"], x)
            network.invoke()
            results[f"{m['name']}.{case}"] = network.get_tensor(
                network.get_output_details()[0]["index"])
    target = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                          "litert.npz")
    np.savez_compressed(target, **results)
    print(target, len(results))


if __name__ == "__main__":
    sys.exit(main())
