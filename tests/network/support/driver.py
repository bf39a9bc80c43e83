"""Runs the cases of a JSON file, each a list of words with its uid, and prints one line of JSON for
each: its exit code and what it said."""

import json
import os
import subprocess
import sys

with open(sys.argv[1]) as file:
    cases = json.load(file)
for case in cases:
    environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/tmp", **case.get("env", {})}
    try:
        done = subprocess.run(case["words"], env=environment, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
        result = {"code": done.returncode, "stdout": done.stdout.decode(errors="replace"), "stderr": done.stderr.decode(errors="replace")}
    except subprocess.TimeoutExpired:
        result = {"code": -1, "stdout": "", "stderr": "it took more than a minute"}
    print(json.dumps({"name": case["name"], **result}), flush=True)
