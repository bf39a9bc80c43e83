"""driver.py FOLDER/cases.json: runs each case's words and prints one line of JSON for it: its exit
code, what it said, and the servers that it came to (FOLDER/contacts, if the case `settles`)."""

import json
import os
import subprocess
import sys
import time

with open(sys.argv[1]) as file:
    cases = json.load(file)
contacts = os.path.join(os.path.dirname(sys.argv[1]), "contacts")


def contacted(since):
    time.sleep(0.05)  # The servers write it down after the connection is made.
    with open(contacts) as file:
        file.seek(since)
        return sorted(set(file.read().splitlines()))


for case in cases:
    since = os.path.getsize(contacts)
    began = time.time()
    environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/tmp", **case.get("env", {})}
    try:
        done = subprocess.run(case["words"], env=environment, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
        result = {"code": done.returncode, "stdout": done.stdout.decode(errors="replace"), "stderr": done.stderr.decode(errors="replace")}
    except subprocess.TimeoutExpired as late:
        shown = (late.stdout or b"").decode(errors="replace")
        result = {"code": -1, "stdout": shown, "stderr": "it took more than a minute"}
    result["seconds"] = time.time() - began
    if case.get("settles"):
        result["contacts"] = contacted(since)
    print(json.dumps({"name": case["name"], **result}), flush=True)
