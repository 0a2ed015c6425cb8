# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""usage: run_lit.py LIT BUILD-TEST-DIR: runs lit and prints a closing line."""
import collections
import json
import os
import subprocess
import sys
import tempfile

with tempfile.TemporaryDirectory() as folder:
    results = os.path.join(folder, "lit.json")
    status = subprocess.call(
        [sys.executable, sys.argv[1], "-sv", "-o", results, sys.argv[2]])
    if not os.path.exists(results):
        sys.exit(status or 1)
    with open(results) as f:
        codes = collections.Counter(t["code"] for t in json.load(f)["tests"])

passed = codes.pop("PASS", 0) + codes.pop("XFAIL", 0)
skipped = codes.pop("UNSUPPORTED", 0) + codes.pop("SKIPPED", 0)
failed = sum(codes.values())
print(f"{passed} passed, {failed} failed, {skipped} skipped")
sys.exit(1 if failed else 0)
