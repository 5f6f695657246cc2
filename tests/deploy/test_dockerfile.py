"""The image's recipe: a linter has nothing to say, and its steps, done by hand, give a daemon that writes nowhere."""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from tests.deploy.tools import DEPLOY, ROOT, run, tool

FILE = DEPLOY / "docker/Dockerfile"
UNPRIVILEGED = ["setpriv", "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"]


def steps() -> list[list[tuple[str, str]]]:
    """Instructions of each stage."""
    text = re.sub(r"\\\n\s*", " ", re.sub(r"^#.*\n", "", FILE.read_text(), flags=re.MULTILINE))
    stages: list[list[tuple[str, str]]] = []
    for line in text.splitlines():
        if line.startswith("FROM "):
            stages.append([])
        if line.strip() and stages:
            word, _, rest = line.partition(" ")
            stages[-1].append((word, rest.strip()))
    return stages


def context() -> list[Path]:
    """What the builder is given: tracked files that .dockerignore lets through."""
    patterns = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    let_in = [pattern[1:] for pattern in patterns if pattern.startswith("!")]
    assert patterns[0] == "*" and patterns[1 : 1 + len(let_in)] == [f"!{name}" for name in let_in]
    listed = run("git", "-C", ROOT, "ls-files", "-co", "--exclude-standard").stdout.splitlines()
    return [
        Path(name)
        for name in listed
        if name.split("/")[0] in let_in and not fnmatch.fnmatch(name, "*.pyc") and (ROOT / name).is_file()
    ]


@pytest.mark.tools
def test_the_linter_has_nothing_to_say() -> None:
    done = run(tool("hadolint"), FILE)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_image_runs_as_nobody_in_particular_and_says_what_it_is() -> None:
    build, final = steps()
    words = dict(final)
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", words["USER"])
    assert (json.loads(words["ENTRYPOINT"]), json.loads(words["CMD"])) == (["streamrnn"], ["--help"])
    assert words["STOPSIGNAL"] == "SIGTERM" and "probe" in words["HEALTHCHECK"]
    assert re.fullmatch(r"PYTHON=python:\d+\.\d+\.\d+-slim-bookworm", re.search(r"^ARG (PYTHON=.*)$", FILE.read_text(),
                        re.MULTILINE)[1])  # type: ignore[index] # fmt: skip
    copied = {word for step, rest in build if step == "COPY" for word in rest.split()[:-1]}
    assert copied == {"pyproject.toml", "constraints.txt", "LICENSE", "streamrnn"}


def test_the_builder_is_given_what_it_copies_and_no_more() -> None:
    copied = {word for step, rest in steps()[0] if step == "COPY" for word in rest.split()[:-1]}
    assert {path.parts[0] for path in context()} == copied


@pytest.mark.tools
@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_its_steps_by_hand_give_a_daemon_that_compiles_nothing_and_writes_nowhere(tmp_path: Path) -> None:
    """In a folder in place of a container: paths are moved into it, all else is as the recipe says."""
    places = {"/opt/streamrnn": tmp_path / "opt", "/etc/streamrnn": tmp_path / "etc",
              "/var/lib/streamrnn": tmp_path / "var", "/src": tmp_path / "src"}  # fmt: skip

    def moved(text: str) -> str:
        for place, here in places.items():
            text = re.sub(rf"(?<![\w.]){place}(?![\w-])", str(here), text)
        return text

    def do(command: str, environ: dict[str, str], folder: Path) -> None:
        command = re.sub(r"&& chown \d+:\d+ \S+", "", moved(command))
        done = subprocess.run(["sh", "-ec", command], cwd=folder, env=environ, capture_output=True, text=True)
        assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"

    places["/src"].mkdir()
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("STREAMRNN_", "PYTHON"))}
    environ.setdefault("PIP_ARGS", "")
    build, final = steps()
    for word, rest in build:
        if word == "ENV":
            environ |= dict(pair.split("=", 1) for pair in moved(rest).split())
        elif word == "COPY":
            for path in context():
                if path.parts[0] in rest.split()[:-1]:
                    (places["/src"] / path).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(ROOT / path, places["/src"] / path)
        elif word == "RUN":
            do(rest, environ, places["/src"])
    environ = {"HOME": "/nonexistent"}
    for word, rest in final:
        if word == "ENV":
            environ |= dict(pair.split("=", 1) for pair in moved(rest).replace("$PATH", os.environ["PATH"]).split())
        elif word == "RUN":
            do(rest, environ | {"PATH": os.environ["PATH"]}, tmp_path)
    assert not places["/src"].samefile(places["/opt/streamrnn"])
    shutil.rmtree(places["/src"])  # as the final stage has it

    before = sorted(places["/opt/streamrnn"].rglob("*"))
    program, config = str(places["/opt/streamrnn"] / "bin/streamrnn"), str(places["/etc/streamrnn"] / "config.yaml")
    events = places["/var/lib/streamrnn"] / "var/log/events"
    events.mkdir(parents=True)
    lines = (f'{{"stream": "s", "time": {1_700_000_000 + i}, "value": {i % 24}}}\n' for i in range(500))
    (events / "0.jsonl").write_text("".join(lines))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        environ["STREAMRNN_HTTP__PORT"] = str(free.getsockname()[1])
    prefix = UNPRIVILEGED if os.getuid() == 0 and shutil.which(UNPRIVILEGED[0]) else []
    log = places["/var/lib/streamrnn"] / "log"
    with log.open("wb") as file:
        daemon = subprocess.Popen(
            [*prefix, program, "run", "--config", config], env=environ, cwd=places["/var/lib/streamrnn"],
            stdout=file, stderr=file,
        )  # fmt: skip
    try:
        probe = [program, "probe", "--config", config]
        deadline = time.monotonic() + 60
        answers = places["/var/lib/streamrnn"] / "var/log/predictions/0.jsonl"
        while not (answers.exists() and answers.read_bytes().count(b"\n") == 500):
            assert daemon.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        assert run(*probe, env=environ).stdout == "ok\n"
        assert run(*probe, "--ready", env=environ).stdout == "ok\n"
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(60) == 0
    finally:
        daemon.kill()
        daemon.wait()
    assert "compiles" not in log.read_text()
    assert sorted(places["/opt/streamrnn"].rglob("*")) == before
    assert json.loads(answers.read_text().splitlines()[-1])["stream"] == "s"
