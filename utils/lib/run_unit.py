# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""usage: run_unit.py DIR: runs every GoogleTest executable DIR/*Test and prints
a closing line."""
import glob
import json
import os
import subprocess
import sys
import tempfile

passed = failed = skipped = 0
for test in sorted(glob.glob(os.path.join(sys.argv[1], "*Test"))):
    with tempfile.TemporaryDirectory() as folder:
        results = os.path.join(folder, "results.json")
        status = subprocess.call(
            [test, "--gtest_brief=1", "--gtest_output=json:" + results])
        if not os.path.exists(results):
            print(f"{test}: exit {status} before it reported")
            failed += 1
            continue
        with open(results) as f:
            tally = json.load(f)
    bad = tally["failures"] + tally["errors"]
    off = tally["disabled"]
    failed, skipped = failed + bad, skipped + off
    passed += tally["tests"] - bad - off
print(f"{passed} passed, {failed} failed, {skipped} skipped")
sys.exit(1 if failed else 0)
