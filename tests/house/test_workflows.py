"""What hosts are told to do: checked by the tools of ``make lint``, and tried here."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = ROOT / ".github" / "workflows"
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
LINTS = re.findall(r"^\t((?:zizmor|check-jsonschema .*workflows/).*)", MAKEFILE, re.M)
CHECKOUT = r"(actions/checkout)@[0-9a-f]{40}"
FAULTS = {
    "an action that its owner can change": lambda t: re.sub(CHECKOUT, r"\1@v7", t),
    "credentials left behind": lambda t: t.replace("persist-credentials: false", ""),
    "more rights than it needs": lambda t: re.sub(
        r"    permissions:\n(      .*\n)+", "    permissions: write-all\n", t, count=1
    ),
    "a stranger's words run as a command": lambda t: t.replace(
        "make html", 'make html "${{ github.event.head_commit.message }}"', 1
    ),
    "a job on no machine": lambda t: re.sub(r"    runs-on: ubuntu.*\n", "", t),
    "a key that nobody knows": lambda t: t.replace("    steps:", "    step:", 1),
}


def lint(folder: Path) -> bool:
    """Whether the tools of ``make lint`` let a folder's workflows through."""
    assert len(LINTS) == 2
    tools = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": tools}
    told = (
        [found for word in line.split() for found in met(folder, word)]
        for line in LINTS
    )
    done = [subprocess.run(words, cwd=folder, env=environment) for words in told]
    return all(run.returncode == 0 for run in done)


def met(folder: Path, word: str) -> list[str]:
    """What a shell makes of a word: the files that it names, or the word itself."""
    return sorted(map(str, folder.glob(word))) or [word]


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / ".github", tmp_path / ".github")
    return tmp_path


def test_our_workflows_are_let_through(copied: Path) -> None:
    assert lint(copied)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_workflow_with_a_fault_is_refused(
    copied: Path, fault: Callable[[str], str]
) -> None:
    file = copied / ".github" / "workflows" / "pages.yml"
    text = file.read_text(encoding="utf-8")
    file.write_text(fault(text), encoding="utf-8")
    assert file.read_text(encoding="utf-8") != text
    assert not lint(copied)


def test_hosts_run_the_verbs_of_the_makefile() -> None:
    verbs = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.M))
    for file in [*WORKFLOWS.glob("*.yml"), ROOT / ".readthedocs.yaml"]:
        lines = re.findall(r"(?:run: |- )make ([a-z -]+)", file.read_text())
        called = {verb for line in lines for verb in line.split()}
        assert called, file.name
        assert called <= verbs, file.name
    assert "publish" not in verbs


def test_one_job_alone_may_write_and_it_runs_nothing_of_the_book() -> None:
    jobs = yaml.safe_load((WORKFLOWS / "pages.yml").read_text())["jobs"]
    writing = {
        n for n, job in jobs.items() if job["permissions"].get("contents") == "write"
    }
    assert writing == {"notebooks"}
    assert "make" not in str(jobs["notebooks"]["steps"])


def test_the_branch_of_notebooks_is_replaced(tmp_path: Path) -> None:
    """What the workflow runs, with a folder in the place of GitHub."""
    remote = tmp_path / "remote.git"
    git = ["git", "--git-dir", str(remote)]
    subprocess.run([*git, "init", "-q", "--bare", str(remote)], check=True)
    job = yaml.safe_load((WORKFLOWS / "pages.yml").read_text())["jobs"]["notebooks"]
    script = job["steps"][-1]["run"]
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / f"{name}.ipynb").write_text("{}")
        environment = {
            "TOKEN": "t",
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_REPOSITORY": "who/what",
            "GITHUB_SHA": name,
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.{remote.as_uri()}.insteadOf",
            "GIT_CONFIG_VALUE_0": "https://github.com/who/what",
        }
        command = ["bash", "-e", "-c", script]
        subprocess.run(
            command, cwd=folder, check=True, env={**os.environ, **environment}
        )
        held = subprocess.run(
            [*git, "ls-tree", "--name-only", "notebooks"],
            check=True,
            capture_output=True,
            text=True,
        )
        assert held.stdout == f"{name}.ipynb\n"


def test_the_token_is_in_no_address_and_git_is_given_it(tmp_path: Path) -> None:
    job = yaml.safe_load((WORKFLOWS / "pages.yml").read_text())["jobs"]["notebooks"]
    script = job["steps"][-1]["run"]
    assert re.findall(r"\$TOKEN.*|.*@\$", script) == ["$TOKEN\" #'"]
    (helper,) = re.findall(r"git config credential.*", script)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["bash", "-c", helper], cwd=tmp_path, check=True)
    told = subprocess.run(
        ["git", "credential", "fill"],
        cwd=tmp_path,
        env={**os.environ, "TOKEN": "t", "GIT_TERMINAL_PROMPT": "0"},
        input="protocol=https\nhost=github.com\n\n",
        capture_output=True,
        text=True,
        check=True,
    )
    assert "username=x\npassword=t\n" in told.stdout
    config = (tmp_path / ".git" / "config").read_text()
    assert '"$TOKEN"' in config.replace("\\", "")
