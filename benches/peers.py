#!/usr/bin/env python3
"""Times rootlint and other tools on the same trees, one after the other: benches/peers.py [--limit SECONDS] ROOTLINT...

The trees are those of `cargo bench --bench whole`, which writes them. Tools that are not on the PATH are left out. For each run:
seconds on the clock, seconds of CPU time, the peak of memory, and how many of the root keys that are in the tree it finds.
"""

import argparse
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TREES = Path(__file__).resolve().parent.parent / "target/tmp/trees"

# What cfn-guard is asked: a user name that is written as `root`.
RULE = """let keys = Resources.*[ Type == "AWS::IAM::AccessKey" Properties.UserName is_string ]
rule root_key when %keys !empty { %keys.Properties.UserName != "root" }
"""


def of_rootlint(output):
    """In JSON."""
    return sum(found["check"] == "root-access-key" for found in json.loads(output)["findings"])


def of_checkov(output):
    reports = json.loads(output)
    reports = reports if isinstance(reports, list) else [reports]
    failed = [check for report in reports for check in report.get("results", {}).get("failed_checks", [])]
    return sum(check["check_id"] == "CKV_AWS_348" for check in failed)


def of_trivy(output):
    results = json.loads(output).get("Results") or []
    found = [found for result in results for found in result.get("Misconfigurations") or []]
    return sum(one["ID"].endswith("AWS-0141") and one["Status"] == "FAIL" for one in found)


def of_guard(output):
    return output.count(b"PropertyPath")


def nothing(_):
    """It has no check of this."""
    return 0


def tools(programs, rule):
    """Name, kinds of trees, command, and how root keys are counted in what it prints."""
    for program in programs:
        command = [program, "check", ".", "--format", "json"]
        yield program, ("terraform", "templates", "tiny"), command, of_rootlint
    known = [
        ("cfn-guard", ("templates",), ["validate", "-r", rule, "-d", ".", "--show-summary", "none"], of_guard),
        ("cfn-lint", ("templates",), ["--format", "json", "**/*.yaml"], nothing),
        ("tflint", ("terraform", "tiny"), ["--recursive", "--format", "json"], nothing),
        ("trivy", ("terraform", "templates", "tiny"), ["config", "-q", "--format", "json", "."], of_trivy),
        ("checkov", ("terraform", "tiny"), ["-d", ".", "--framework", "terraform", "-o", "json", "--quiet"], of_checkov),
        ("checkov", ("templates",), ["-d", ".", "--framework", "cloudformation", "-o", "json", "--quiet"], of_checkov),
    ]
    for name, kinds, arguments, count in known:
        if shutil.which(name):
            yield name, kinds, [name, *arguments], count


def run(command, folder, limit, output):
    """The seconds, CPU seconds and megabytes that it took; nothing if it took too long."""
    with open(output, "wb") as file:
        start = time.monotonic()
        child = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.DEVNULL)
        while True:
            pid, _, usage = os.wait4(child.pid, os.WNOHANG)
            took = time.monotonic() - start
            if pid:
                child.returncode = 0
                return took, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024
            if took > limit:
                child.kill()
                child.wait()
                return None
            time.sleep(min(0.05, took / 100))


def counted(count, output):
    """How many root keys an output names."""
    try:
        return count(Path(output).read_bytes())
    except (ValueError, KeyError) as error:
        return f"its output cannot be read: {error}"


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--limit", type=float, default=900, help="seconds after which a run is stopped")
    arguments.add_argument("rootlint", nargs="+", help="programs: this one, an older one")
    given = arguments.parse_args()
    programs = [os.path.abspath(program) for program in given.rootlint]
    print("| tree | tool | seconds | CPU seconds | peak memory | root keys |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as scratch:
        rule, output = Path(scratch, "root.guard"), Path(scratch, "output")
        rule.write_text(RULE)
        for tree in ("tiny", "terraform-2000", "templates-2000"):
            folder = TREES / tree
            if not folder.is_dir():
                sys.exit(f"{folder} is not there: `cargo bench --bench whole` writes it")
            for name, kinds, command, count in tools(programs, str(rule)):
                if tree.split("-")[0] not in kinds:
                    continue
                best = None
                # What is over soon is run again: the first run may have to fetch the files from the disk.
                for _ in range(5):
                    done = run(command, folder, given.limit, output)
                    best = min(filter(None, (best, done)), default=None)
                    if not done or done[0] > 5:
                        break
                if best is None:
                    print(f"| {tree} | {name} | more than {given.limit:.0f} | | | |", flush=True)
                    continue
                seconds, cpu, peak = best
                # In a process of its own: what is started is said to have taken at least the memory of who starts it.
                with multiprocessing.get_context("fork").Pool(1) as worker:
                    keys = worker.apply(counted, (count, output))
                print(f"| {tree} | {name} | {seconds:.3f} | {cpu:.2f} | {peak:.0f} MB | {keys} |", flush=True)


if __name__ == "__main__":
    main()
