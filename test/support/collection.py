# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Networks of the collection beside the repository."""
import json
import os
import sys
import tempfile

import suite


def entries(zoo):
    """What models.json in the folder `zoo` says of each network."""
    with open(os.path.join(zoo, "models.json")) as f:
        return json.load(f)


def path_of(entry, zoo, scratch):
    """The file of a network. A skeleton has no weights: it gets them in a copy
    in the folder `scratch`, made by the collection's own script."""
    path = os.path.join(zoo, entry["file"])
    if entry["part"] != "skeleton":
        return path
    full = os.path.join(scratch, entry["name"] + ".onnx")
    if not os.path.exists(full):
        if zoo not in sys.path:
            sys.path.insert(0, zoo)
        import materialize
        os.makedirs(scratch, exist_ok=True)
        # Tests beside this one may do the same.
        with tempfile.TemporaryDirectory(dir=scratch) as folder:
            part = os.path.join(folder, "part.onnx")
            materialize.materialize(path, part)
            os.replace(part, full)
    return full


def find(options, name):
    """The file of the network `name`; skips the test where it is not there."""
    if options.zoo:
        for entry in entries(options.zoo):
            if entry["name"] == name:
                return path_of(entry, options.zoo, options.scratch)
    raise suite.Skip("the collection of models is not there")
