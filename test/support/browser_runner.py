#!/usr/bin/env python3
# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A runner for edgecc-run that runs WebAssembly in a browser without a window.

usage: browser_runner.py BROWSER PROGRAM INPUTS OUTPUTS REPS VALUES

The program is what Node would run. Files that it reads are put into a page, and
what it writes is read from the page that the browser prints at the end.
"""
import base64
import json
import os
import re
import subprocess
import sys

# What the program needs of Node.
PAGE = """<!doctype html><body><pre id="written">nothing</pre><script>
const files = %s;
const written = document.getElementById('written');
addEventListener('error', e => { written.textContent = 'error ' + e.message; });
const Buffer = {concat: parts => [].concat(...parts.map(p => Array.from(p)))};
const process = {argv: ['', '', ...%s]};
const require = () => ({
  readFileSync: name => Uint8Array.from(atob(files[name]),
                                        c => c.charCodeAt(0)),
  writeFileSync: (name, bytes) => {
    written.textContent = 'bytes ' +
        btoa(bytes.map(b => String.fromCharCode(b)).join(''));
  },
});
</script><script>
%s
</script></body>
"""


def main():
    browser, program, inputs, outputs, reps, _ = sys.argv[1:]
    with open(program) as f:
        script = f.read()
    # What edgecc-run says of the network comes first.
    network = json.loads(re.match(r"const network = (.*);", script).group(1))
    files = {}
    for name in (network["module"], inputs):
        with open(name, "rb") as f:
            files[name] = base64.b64encode(f.read()).decode()
    page = program + ".html"
    with open(page, "w") as f:
        f.write(PAGE % (json.dumps(files),
                        json.dumps([inputs, outputs, reps]), script))
    shown = subprocess.run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu",
         "--user-data-dir=" + os.path.join(os.path.dirname(program), "browser"),
         "--virtual-time-budget=60000", "--dump-dom", "file://" + page],
        capture_output=True, text=True, timeout=240, check=True).stdout
    found = re.search(r'<pre id="written">(\w+) ?([^<]*)', shown)
    if not found or found.group(1) != "bytes":
        sys.exit("the page failed: " + (found.group(2) if found else shown))
    with open(outputs, "wb") as f:
        f.write(base64.b64decode(found.group(2)))


if __name__ == "__main__":
    main()
