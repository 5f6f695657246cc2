"""A Kafka broker for the tests: the first that answers of a given one, Docker, and Apache Kafka run with Java."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

IMAGE = "apache/kafka:4.1.0"
START_SECONDS = 60.0

_PROPERTIES = """
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}{listeners}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}{advertised}
inter.broker.listener.name=PLAINTEXT
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT{protocols}
log.dirs={data}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
auto.create.topics.enable=false
transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
"""


class NoBroker(Exception):
    """There is none to be had here; the message says what would bring one."""


class JavaBroker:
    """One node of Apache Kafka in a folder of its own, which tests may freeze, kill and start again.

    Parameters
    ----------
    libs : the jars of a Kafka download
    folder : for its data, settings and log
    proxied : how many further listeners it has, each of which names the port of a proxy to its clients

    Attributes
    ----------
    bootstrap : its address
    proxies : of each further listener, its own port and the one that a proxy is to listen at
    """

    def __init__(self, libs: Path, folder: Path, proxied: int = 0) -> None:
        self._libs = libs
        self.folder = folder
        self._port, controller = free_port(), free_port()
        self.bootstrap = f"127.0.0.1:{self._port}"
        self._properties = folder / "server.properties"
        self.proxies = [(free_port(), free_port()) for _ in range(proxied)]
        self._properties.write_text(
            _PROPERTIES.format(
                port=self._port,
                controller=controller,
                data=folder / "data",
                listeners="".join(f",P{i}://127.0.0.1:{own}" for i, (own, _) in enumerate(self.proxies)),
                advertised="".join(f",P{i}://127.0.0.1:{at}" for i, (_, at) in enumerate(self.proxies)),
                protocols="".join(f",P{i}:PLAINTEXT" for i in range(proxied)),
            )
        )
        self._process: subprocess.Popen[bytes] | None = None
        storage = ["kafka.tools.StorageTool", "format", "-t", "AAAAAAAAAAAAAAAAAAAAAA", "-c", str(self._properties)]
        self._java("-Xmx128m", *storage, "--standalone").wait(START_SECONDS)

    def start(self) -> None:
        """Start it, or start it again, and wait until it answers."""
        self._process = self._java("-Xmx512m", "-XX:+UseSerialGC", "kafka.Kafka", str(self._properties))
        deadline = time.monotonic() + START_SECONDS
        while not _answers(self.bootstrap):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise NoBroker(f"Apache Kafka did not start: see {self.folder / 'broker.log'}")
            time.sleep(0.05)

    def stop(self) -> None:
        """End it as its operator would."""
        assert self._process is not None
        self._process.terminate()
        self._process.wait()

    def kill(self) -> None:
        """End it as a power failure would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It keeps its connections and answers nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def _java(self, *arguments: str) -> subprocess.Popen[bytes]:
        with (self.folder / "broker.log").open("ab") as log:
            environment = dict(os.environ) | {"LOG_DIR": str(self.folder)}
            command = ["java", "-cp", f"{self._libs}/*", *arguments]
            return subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder, env=environment)


@contextmanager
def any_broker(folder: Path) -> Iterator[str]:
    """Bootstrap servers of a broker that speaks Kafka with transactions.

    Raises
    ------
    NoBroker
        With what was tried.
    """
    given = os.environ.get("STREAMRNN_TEST_BOOTSTRAP")
    if given:
        yield given
    elif _has_docker():
        with _docker_broker() as bootstrap:
            yield bootstrap
    else:
        broker = java_broker(folder)
        broker.start()
        try:
            yield broker.bootstrap
        finally:
            broker.kill()


def java_broker(folder: Path, proxied: int = 0) -> JavaBroker:
    """Apache Kafka, not yet started; ``NoBroker`` where its jars or Java are missing. See `JavaBroker`."""
    libs = os.environ.get("STREAMRNN_KAFKA_LIBS")
    if not libs or not any(Path(libs).glob("kafka_*.jar")):
        raise NoBroker(
            "set STREAMRNN_TEST_BOOTSTRAP to a broker, start Docker, or set STREAMRNN_KAFKA_LIBS to the folder of a "
            "Kafka download's jars"
        )
    if shutil.which("java") is None:
        raise NoBroker("STREAMRNN_KAFKA_LIBS is set, but there is no java")
    return JavaBroker(Path(libs), folder, proxied)


def _has_docker() -> bool:
    import docker
    from docker.errors import DockerException

    try:
        docker.from_env().ping()
    except DockerException:
        return False
    return True


@contextmanager
def _docker_broker() -> Iterator[str]:
    """Apache's own image: testcontainers' KafkaContainer knows only another one."""
    from testcontainers.core.container import DockerContainer

    port = free_port()
    container = DockerContainer(IMAGE).with_bind_ports(port, port)
    plain = {"listeners": "", "advertised": "", "protocols": ""}
    values = _PROPERTIES.format(port=port, controller=9093, data="/var/lib/kafka/data", **plain).replace(
        f"listeners=PLAINTEXT://127.0.0.1:{port}", f"listeners=PLAINTEXT://0.0.0.0:{port}", 1
    )
    for line in values.strip().splitlines():
        name, _, value = line.partition("=")
        container = container.with_env("KAFKA_" + name.upper().replace(".", "_"), value)
    with container:
        bootstrap = f"127.0.0.1:{port}"
        deadline = time.monotonic() + START_SECONDS
        while not _answers(bootstrap):
            if time.monotonic() > deadline:
                raise NoBroker("the Kafka container did not answer in time")
            time.sleep(0.1)
        yield bootstrap


def _answers(bootstrap: str) -> bool:
    from kafka.admin import KafkaAdminClient
    from kafka.errors import KafkaError

    host, _, port = bootstrap.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except OSError:
        return False
    try:
        admin = KafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=2000)
    except KafkaError:
        return False
    try:
        admin.list_topics()
    except KafkaError:
        return False
    finally:
        admin.close()
    return True


def free_port() -> int:
    """A port that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
