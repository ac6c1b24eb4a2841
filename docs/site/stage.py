"""Puts the texts of the site together: stage.py PROGRAM FOLDER."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAM, OUT = sys.argv[1], Path(sys.argv[2])

# What is in the repository and not on the site is named, not linked.
ELSEWHERE = re.compile(r"\[([^\]]+)\]\((\.\./[^)#]+)(#[^)]*)?\)")
# An example's language may be followed by what it is an example of.
EXAMPLE = re.compile(r"^```(\w+) (flag|clean)$", re.MULTILINE)
SAID = {"flag": "Flagged:", "clean": "Not flagged:"}


def read(path):
    return path.read_text(encoding="utf-8")


def write(name, text):
    path = OUT / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def ask(*arguments):
    asked = subprocess.run(
        [PROGRAM, "--color", "never", *arguments],
        capture_output=True, check=True, encoding="utf-8", env={"COLUMNS": "100"},
    )
    return asked.stdout


def named(text, folder):
    """The text with links out of docs/ turned into names of files, which must exist."""

    def name(match):
        target = (folder / match[2]).resolve()
        if not target.exists():
            sys.exit(f"{folder}: a link leads to {match[2]}, which does not exist")
        inside = target.relative_to(ROOT)
        if inside.parts[0] == "checks":
            return f"[{match[1]}](../checks/{inside.parts[1]}.md)"
        return f"{match[1]} (`{inside}`)" if match[1] != str(inside) else f"`{inside}`"

    return ELSEWHERE.sub(name, text)


def check_page(folder):
    """The page of a check: what its front matter says stands below its title."""
    _, front, text = read(folder / "README.md").split("---\n", 2)
    front = yaml.safe_load(front)
    text = text.strip().split("\n", 1)[1]
    text = EXAMPLE.sub(lambda match: f"{SAID[match[2]]}\n\n```{match[1]}", named(text, folder))
    # Pages name other checks by their ids.
    others = "|".join(sorted((re.escape(name) for name in NAMES if name != folder.name), key=len, reverse=True))
    prose = re.split(r"(^```.*?^```$)", text, flags=re.MULTILINE | re.DOTALL)
    prose[::2] = [re.sub(rf"`({others})`", r"[`\1`](\1.md)", part) for part in prose[::2]]
    page = [f"# {folder.name}", "", f"**{front['severity']}**: {front['title']}", "", "".join(prose).strip(), ""]
    if CONTROLS[folder.name]:
        page += ["## Frameworks", "", "| framework | controls | who says so |", "|---|---|---|"]
        for name, controls in CONTROLS[folder.name].items():
            sources = sorted({source for control in controls for source in control["sources"]})
            page.append(f"| {name} | {', '.join(control['id'] for control in controls)} | {', '.join(sources)} |")
        page.append("")
    if front.get("references"):
        page += ["## References", ""] + [f"- <{link}>" for link in front["references"]] + [""]
    write(f"checks/{folder.name}.md", "\n".join(page))
    return front


def title_of(page):
    return next(line[2:] for line in page.splitlines() if line.startswith("# "))


shutil.rmtree(OUT, ignore_errors=True)
CHECKS = sorted(path.parent for path in (ROOT / "checks").glob("*/README.md"))
NAMES = [folder.name for folder in CHECKS]
CONTROLS = {
    check["id"]: check["frameworks"]
    for check in json.loads(ask("checks", "--frameworks", "--format", "json"))["checks"]
}
fronts = {folder.name: check_page(folder) for folder in CHECKS}
rows = [f"| [{name}]({name}.md) | {front['severity']} | {front['title']} |" for name, front in fronts.items()]
listed = "\n".join(NAMES)
write(
    "checks/index.md",
    "# Checks\n\n| id | severity | flags |\n|---|---|---|\n" + "\n".join(rows)
    + f"\n\n```{{toctree}}\n:hidden:\n\n{listed}\n```\n",
)

guides = []
for page in sorted((ROOT / "docs").glob("*.md")):
    write(f"docs/{page.name}", named(read(page), page.parent))
    guides.append(f"docs/{page.stem}")

commands = re.findall(r"^  ([a-z][a-z-]*) ", ask("--help"), flags=re.MULTILINE)
options = ["# Command line", ""]
for command in [name for name in commands if name != "help"]:
    options += [f"## rootlint {command}", "", "```text", ask(command, "--help").rstrip(), "```", ""]
write("command-line.md", "\n".join(options))

write(
    "configuration.md",
    "# Configuration\n\n`rootlint.toml`, as `rootlint init` writes it: every option that there is.\n\n```toml\n"
    + read(ROOT / "src" / "init" / "rootlint.toml") + "```\n",
)

shutil.copy(ROOT / "docs" / "demo.svg", OUT / "demo.svg")
pages = "\n".join(["checks/index", "configuration", *guides, "command-line"])
write("index.md", read(Path(__file__).parent / "index.md") + f"\n```{{toctree}}\n:maxdepth: 1\n\n{pages}\n```\n")
