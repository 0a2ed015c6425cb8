# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""usage: digits_header.py IN.npz OUT.h: the test pictures as C99 arrays."""
import sys

import numpy as np


def array(name, values, shape=""):
    rows = [", ".join(map(str, row)) for row in values.reshape(len(values), -1)]
    body = ",\n".join("  {" + r + "}" if shape else "  " + r for r in rows)
    return (f"static const unsigned char {name}[DIGITS_PICTURES]{shape} = "
            f"{{\n{body}}};\n")


def main():
    with np.load(sys.argv[1]) as z:
        pictures, labels, logits = z["pictures"], z["labels"], z["logits"]
    with open(sys.argv[2], "w") as f:
        f.write(f"""/* The test pictures of the digits network: 8x8 pixels of 0..16. */
#define DIGITS_PICTURES {len(pictures)}
""")
        f.write(array("digits_pixels", pictures, "[64]"))
        f.write("/* What each picture shows. */\n")
        f.write(array("digits_labels", labels))
        f.write("/* What ONNX Runtime recognises. */\n")
        f.write(array("digits_expected", logits.argmax(1)))


if __name__ == "__main__":
    main()
