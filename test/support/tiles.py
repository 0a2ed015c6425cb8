# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How programs with tiles (AMX) are run on machines that have none."""
import os

import suite

# Everything that goes with tiles but what few machines have.
CPU = "cooperlake -mattr=+amx-tile,+amx-bf16,+amx-int8"


def build_runner(folder):
    """Compiles amx_runner.c into `folder`; skips the test if the machine lacks
    the vectors that such programs use as well."""
    with open("/proc/cpuinfo") as f:
        if "avx512_bf16" not in f.read():
            raise suite.Skip("this CPU lacks what goes with tiles")
    runner = os.path.join(folder, "amx_runner")
    source = os.path.join(os.path.dirname(__file__), "amx_runner.c")
    suite.must(["cc", "-O2", source, "-o", runner])
    return runner
