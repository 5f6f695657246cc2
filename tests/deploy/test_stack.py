"""The services of compose.yaml as processes: with their own commands, environment and files, in place of containers.

The broker gets its properties from the class that Apache's image runs at its start, given the environment that the
compose file has, and a file of hosts in place of Docker's names. Ports, folders and hosts are all that differ.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.tools import DEPLOY, run, tool
from tests.kafka.broker import START_SECONDS, _answers, free_port

pytestmark = [pytest.mark.tools, pytest.mark.slow]

SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
SETTINGS = str(DEPLOY / "compose/streamrnn.yaml")
INSTANCES = ("streamrnn-0", "streamrnn-1")
WAIT = 60.0
_PROGRAM = """#!{}
from streamrnn.cli.app import main

if __name__ == "__main__":
    main()
"""


class Stack:
    """What runs, and where."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = {name: free_port() for name in ("19092", "9092", "29093", *INSTANCES, "prometheus")}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        (folder / "bin").mkdir()
        program = folder / "bin/streamrnn"
        program.write_text(_PROGRAM.format(sys.executable))
        program.chmod(0o755)
        self._path = os.pathsep.join([str(folder / "bin"), os.environ["PATH"]])

    def place(self, text: str) -> str:
        """A text of the compose file, with the ports and files of this run."""
        for port in ("29093", "19092", "9092"):  # the longer ones first
            text = text.replace(f":{port}", f":{self.ports[port]}")
        return text.replace("/etc/streamrnn/config.yaml", SETTINGS).replace("$$", "$")

    def start(self, name: str, command: list[str], **environ: str) -> subprocess.Popen[bytes]:
        """Start a service; its log is a file of its name."""
        values = dict(os.environ) | {"PATH": self._path} | environ
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(command, env=values, stdout=log, stderr=log, cwd=self.folder)
        return self.processes[name]

    def streamrnn(self, name: str, **environ: str) -> subprocess.Popen[bytes]:
        """Start a service of the image, as the compose file has it."""
        service = SERVICES[name]
        command = list(map(self.place, service.get("entrypoint", ["streamrnn"]) + service.get("command", [])))
        where = f"[127.0.0.1:{self.ports['9092']}]"
        own = {"STREAMRNN_KAFKA__BOOTSTRAP_SERVERS": where, **service.get("environment", {}), **environ}
        return self.start(name, command, **own)

    def instance(self, name: str) -> subprocess.Popen[bytes]:
        return self.streamrnn(name, STREAMRNN_HTTP__PORT=str(self.ports[name]), STREAMRNN_HTTP__HOST="127.0.0.1")

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()[-4000:]

    def get(self, name: str, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[name]}{path}", timeout=5) as answer:
            return str(answer.read().decode())

    def metric(self, name: str, metric: str) -> float:
        """The sum of a metric's samples at an instance."""
        lines = [line for line in self.get(name, "/metrics").splitlines() if line.startswith(metric)]
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line[len(metric)] in " {")

    def asked(self, expression: str) -> list[dict[str, Any]]:
        """What Prometheus answers."""
        found = json.loads(self.get("prometheus", "/api/v1/query?" + urllib.parse.urlencode({"query": expression})))
        return list(found["data"]["result"])


def wait(what: str, holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + WAIT
    while True:
        try:
            if holds():
                return
        except OSError:
            pass
        assert time.monotonic() < deadline, f"in {WAIT:.0f} s: not {what}"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Broker, topics, events and both instances."""
    libs, java = os.environ.get("STREAMRNN_KAFKA_LIBS", ""), tool("java")
    if not any(Path(libs).glob("kafka_*.jar")):
        pytest.skip("set STREAMRNN_KAFKA_LIBS to the folder of a Kafka download's jars")
    made = Stack(tmp_path_factory.mktemp("stack"))
    try:
        start_broker(made, java, libs)
        compiling = made.start("compile", ["streamrnn", "compile", "--config", SETTINGS])
        assert compiling.wait(600) == 0, made.log("compile")
        topics = made.streamrnn("topics")
        assert topics.wait(WAIT) == 0, made.log("topics")
        made.streamrnn("feed")
        for name in INSTANCES:
            made.instance(name)
        for name in INSTANCES:
            wait(f"{name} is ready", lambda name=name: made.get(name, "/readyz"))
        yield made
    finally:
        for process in made.processes.values():
            process.kill()
            process.wait()


def start_broker(stack: Stack, java: str, libs: str) -> None:
    """Do what the image's start script does: its class for the settings and the storage, then the broker."""
    folder, service = stack.folder, SERVICES["kafka"]
    for name in ("defaults", "mounted", "settings"):
        (folder / name).mkdir()
    environ = {key: stack.place(str(value)) for key, value in service["environment"].items()}
    environ["KAFKA_LOG_DIRS"] = str(folder / "data")
    set_up = ["kafka.docker.KafkaDockerWrapper", "setup", "--default-configs-dir", folder / "defaults",
              "--mounted-configs-dir", folder / "mounted", "--final-configs-dir", folder / "settings"]  # fmt: skip
    # The environment of the image alone, as every KAFKA_ variable becomes a property.
    done = run(java, "-cp", f"{libs}/*", *set_up, env={"PATH": os.environ["PATH"], **environ})
    assert done.returncode == 0, done.stdout + done.stderr
    (folder / "hosts").write_text(f"127.0.0.1 {service['hostname']} localhost\n")
    options = [*environ["KAFKA_HEAP_OPTS"].split(), f"-Djdk.net.hosts.file={folder / 'hosts'}", "-XX:+UseSerialGC"]
    command = [java, *options, "-cp", f"{libs}/*", "kafka.Kafka", str(folder / "settings/server.properties")]
    stack.start("kafka", command, LOG_DIR=str(folder))
    deadline = time.monotonic() + START_SECONDS
    while not _answers(f"127.0.0.1:{stack.ports['9092']}"):
        assert stack.processes["kafka"].poll() is None and time.monotonic() < deadline, stack.log("kafka")
        time.sleep(0.1)


def test_the_broker_has_the_settings_that_the_compose_file_gives(stack: Stack) -> None:
    properties = dict(
        line.split("=", 1) for line in (stack.folder / "settings/server.properties").read_text().split("\n") if line
    )
    assert properties["auto.create.topics.enable"] == "false" and properties["log.retention.hours"] == "24"
    assert "cluster.id" not in properties and "heap.opts" not in properties


def test_both_instances_learn_from_what_is_fed(stack: Stack) -> None:
    wait("all four partitions are held", lambda: sum(
        stack.metric(name, "streamrnn_assigned_partitions") for name in INSTANCES) == 4)  # fmt: skip
    for name in INSTANCES:
        assert stack.metric(name, "streamrnn_assigned_partitions") == 2
        wait(f"{name} has published", lambda name=name: stack.metric(
            name, "streamrnn_predictions_published_total") > 100)  # fmt: skip
        memory = stack.metric(name, "process_resident_memory_bytes")
        print(f"{name} takes {memory / (1 << 20):.0f} MiB")
        assert memory < int(SERVICES[name]["mem_limit"].rstrip("m")) << 20


def test_the_health_check_of_the_image_says_yes(stack: Stack) -> None:
    command = [str(stack.folder / "bin/streamrnn"), "probe", "--config", SETTINGS]
    environ = dict(os.environ) | {"STREAMRNN_HTTP__PORT": str(stack.ports[INSTANCES[0]])}
    done = subprocess.run(command, env=environ, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "ok\n")


def test_prometheus_scrapes_both(stack: Stack) -> None:
    program, folder = tool("prometheus"), stack.folder / "prometheus"
    shutil.copytree(DEPLOY / "prometheus", folder)
    text = (folder / "prometheus.yaml").read_text()
    for name in INSTANCES:
        text = text.replace(f"{name}:9464", f"127.0.0.1:{stack.ports[name]}")
    (folder / "prometheus.yaml").write_text(text.replace("localhost:9090", f"127.0.0.1:{stack.ports['prometheus']}"))
    flags = [flag.replace("/etc/prometheus", str(folder)).replace("=/prometheus", f"={stack.folder / 'data-of-it'}")
             for flag in SERVICES["prometheus"]["command"]]  # fmt: skip
    stack.start("prometheus", [program, *flags, f"--web.listen-address=127.0.0.1:{stack.ports['prometheus']}"])
    wait("both are up", lambda: [r["value"][1] for r in stack.asked('up{job="streamrnn"}')] == ["1", "1"])
    wait("events are counted", lambda: stack.asked("sum(rate(streamrnn_events_consumed_total[30s])) > 50"))


def test_a_restart_within_the_session_moves_nothing(stack: Stack) -> None:
    first, second = INSTANCES
    before = stack.metric(second, "streamrnn_rebalances_total")
    grace = float(SERVICES[first]["stop_grace_period"].rstrip("s"))
    started = time.monotonic()
    stack.processes[first].terminate()
    assert stack.processes[first].wait(grace) == 0, stack.log(first)
    ended = time.monotonic()
    stack.instance(first)
    wait("it is ready again", lambda: stack.get(first, "/readyz"))
    print(f"drained in {ended - started:.1f} s, ready again after {time.monotonic() - ended:.1f} s")
    assert stack.metric(first, "streamrnn_assigned_partitions") == 2
    assert stack.metric(second, "streamrnn_rebalances_total") == before
