#!/usr/bin/env python3
"""Asks rootlint and SQL the same questions about the same facts: compare.py PROGRAM FOLDER [options of generate.py].

FOLDER gets repositories, facts and answers. Every account and every key is compared; a difference is exit code 1."""

import json
import os
import resource
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb

HERE = Path(__file__).resolve().parent
NOW = "2026-11-22T00:00:00Z"


def spent(what, began, peak):
    print(f"{what:<42} {time.monotonic() - began:8.1f} s {peak / 1024:8.0f} MB", flush=True)


def run(command, out=None, codes=(0,), cwd=None):
    """Runs a program; its peak memory in KiB."""
    with open(out or os.devnull, "wb") as file:
        process = subprocess.Popen([str(part) for part in command], stdout=file, stderr=subprocess.PIPE, cwd=cwd)
        said = process.stderr.read().decode()
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in codes:
        sys.exit(f"{' '.join(map(str, command))} exited with {process.returncode}:\n{said}")
    return usage.ru_maxrss


def write_facts(program, repositories, folder):
    folder.mkdir()

    def one(repository):
        name = f"github.com/acme/{repository.name}"
        # Exit code 3 says that something could not be read: here everything can.
        return run([program, "facts", "--root", ".", "--repository", name, "--now", NOW, "--output", folder / f"{repository.name}.jsonl"],
                   cwd=repository)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return max(pool.map(one, sorted(repositories.iterdir())))


def rootlint_says(check, org):
    """Accounts with their verdicts, keys that nothing rotates, keys that are or may be root's: each by repository and address."""
    accounts = {}
    for tree in json.loads(org.read_text())["organizations"]:
        for node in tree["nodes"]:
            if node["kind"] == "account":
                repository = node["location"]["path"].split("//")[0]
                accounts[repository, node["name"]] = node["verdict"]
    answer = json.loads(check.read_text())
    if answer["errors"]:
        sys.exit(f"rootlint could not read everything: {answer['errors'][:3]}")
    keys = {"unrotated-access-key": set(), "root-access-key": set()}
    for finding in answer["findings"]:
        if finding["check"] in keys:
            for project in finding["projects"]:
                repository, _, path = project.partition("//")
                for address in finding["instances"] or [finding["resource"]]:
                    keys[finding["check"]].add((repository, path, address))
    return accounts, keys["unrotated-access-key"], keys["root-access-key"]


def sql_says(facts):
    database = duckdb.connect()
    database.execute("SET VARIABLE facts = ?", [str(facts / "*.jsonl")])
    for statement in duckdb.extract_statements((HERE / "questions.sql").read_text()):
        database.execute(statement)
    ask = lambda query: database.execute(query).fetchall()
    accounts = {(repository, address): verdict for repository, address, verdict in ask("SELECT repository, address, verdict FROM accounts")}
    unrotated = set(ask("SELECT repository, project, address FROM unrotated"))
    root = set(ask("SELECT repository, project, address FROM root_keys WHERE root"))
    counts = {name: ask(f"SELECT count(*) FROM {name}")[0][0] for name in ("facts", "keys", "unwatched", "unknowns")}
    return accounts, unrotated, root, counts


def differ(what, rootlint, sql):
    """Prints what only one of both says."""
    ours, theirs = sorted(rootlint - sql), sorted(sql - rootlint)
    print(f"{what:<42} {len(rootlint):8} by rootlint, {len(sql)} by SQL, {len(ours) + len(theirs)} differ")
    for side, rest in (("rootlint", ours), ("SQL", theirs)):
        for one in rest[:5]:
            print(f"  only {side}: {one}")
    return bool(ours or theirs)


def main():
    program, folder = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    repositories, facts, empty = folder / "repositories", folder / "facts", folder / "empty"
    empty.mkdir(parents=True)
    step = time.monotonic()
    peak = run([sys.executable, HERE / "generate.py", repositories, *sys.argv[3:]])
    spent("generate", step, peak)
    step = time.monotonic()
    spent("rootlint facts, one after another for each", step, write_facts(program, repositories, facts))
    answers = folder / "check.json", folder / "org.json"
    step = time.monotonic()
    command = [program, "check", "--facts", facts, "--everywhere", "--allow-incomplete", "--now", NOW, "--format", "json"]
    spent("rootlint check --facts --everywhere", step, run(command, answers[0], (0, 1), empty))
    step = time.monotonic()
    spent("rootlint org --facts", step, run([program, "org", "--facts", facts, "--format", "json"], answers[1], (0, 1, 3), empty))
    accounts, unrotated, root = rootlint_says(*answers)
    step = time.monotonic()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    by_sql = sql_says(facts)
    spent(f"SQL in DuckDB {duckdb.__version__} ({before // 1024} MB before)", step, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    print()
    wrong = [
        differ("accounts with their verdicts", set(accounts.items()), set(by_sql[0].items())),
        differ("keys that nothing rotates", unrotated, by_sql[1]),
        differ("keys of root", root, by_sql[2]),
    ]
    print(", ".join(f"{count} {name}" for name, count in by_sql[3].items()))
    sys.exit(any(wrong))


main()
