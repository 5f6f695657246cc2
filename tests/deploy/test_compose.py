"""Docker Compose takes the file, and each service is as its image documents it and as its neighbours expect it."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from streamrnn.settings import load
from tests.deploy.tools import DEPLOY, ROOT, run, tool

FILE = DEPLOY / "compose.yaml"
SETTINGS = DEPLOY / "compose/streamrnn.yaml"
INSTANCES = ("streamrnn-0", "streamrnn-1")


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    """The services, anchors followed."""
    found: dict[str, dict[str, Any]] = yaml.safe_load(FILE.read_text())["services"]
    return found


@pytest.mark.tools
def test_docker_compose_takes_it() -> None:
    """Docker Compose checks a file against the Compose specification's schema, which it has in itself."""
    done = run(tool("docker-compose"), "--file", FILE, "config", "--quiet")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.tools
def test_docker_compose_would_see_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(FILE.read_text().replace("read_only:", "readonly:"))
    done = run(tool("docker-compose"), "--file", tmp_path / "compose.yaml", "config", "--quiet")
    assert "'readonly' not allowed" in done.stderr


def test_what_is_mounted_is_there(services: dict[str, dict[str, Any]]) -> None:
    for service in services.values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert not source.startswith(".") or (DEPLOY / source).exists(), source
    assert (ROOT / services["feed"]["build"]["dockerfile"]).exists()


def test_ports_are_published_on_this_machine_alone(services: dict[str, dict[str, Any]]) -> None:
    published = [port for service in services.values() for port in service.get("ports", [])]
    assert len(published) == 5 and all(port.startswith("127.0.0.1:") for port in published)


def test_no_service_may_more_than_it_must(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        assert service["cap_drop"] == ["ALL"] and service["security_opt"] == ["no-new-privileges:true"]
        assert "mem_limit" in service and "restart" in service
        assert service.get("read_only", False) or name == "kafka"  # which writes its settings when it starts
        assert ":" in service["image"] and not service["image"].endswith(":latest")


def test_the_instances_take_their_settings(services: dict[str, dict[str, Any]]) -> None:
    for name in INSTANCES:
        settings = load(SETTINGS, [], services[name]["environment"]).settings
        assert settings.kafka.group_instance_id == name
        assert settings.kafka.bootstrap_servers == ("kafka:19092",) or list(settings.kafka.bootstrap_servers) == [
            "kafka:19092"
        ]
        assert int(services[name]["stop_grace_period"].rstrip("s")) > settings.daemon.drain_deadline + 10
        assert settings.daemon.memory_limit is not None
        assert settings.daemon.memory_limit + (512 << 20) <= int(services[name]["mem_limit"].rstrip("m")) << 20


def test_brokers_are_advertised_where_they_are_asked(services: dict[str, dict[str, Any]]) -> None:
    kafka = services["kafka"]["environment"]
    assert "PLAINTEXT://kafka:19092" in kafka["KAFKA_ADVERTISED_LISTENERS"]
    assert services["kafka"]["hostname"] == "kafka"


def test_prometheus_scrapes_both_instances_and_grafana_asks_prometheus() -> None:
    prometheus = yaml.safe_load((DEPLOY / "prometheus/prometheus.yaml").read_text())
    (job,) = [job for job in prometheus["scrape_configs"] if job["job_name"] == "streamrnn"]
    assert job["static_configs"] == [{"targets": [f"{name}:9464" for name in INSTANCES]}]
    source = yaml.safe_load((DEPLOY / "grafana/provisioning/datasources/prometheus.yaml").read_text())
    assert source["datasources"][0]["url"] == "http://prometheus:9090"


def test_the_board_is_where_grafana_looks(services: dict[str, dict[str, Any]]) -> None:
    provider = yaml.safe_load((DEPLOY / "grafana/provisioning/dashboards/streamrnn.yaml").read_text())["providers"][0]
    board = services["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert str(Path(board).parent) == provider["options"]["path"]
    assert f"./grafana/board.json:{board}:ro" in services["grafana"]["volumes"]


@pytest.mark.tools
def test_prometheus_takes_its_settings() -> None:
    done = run(tool("promtool"), "check", "config", DEPLOY / "prometheus/prometheus.yaml")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.tools
def test_prometheus_knows_its_flags(services: dict[str, dict[str, Any]]) -> None:
    told = run(tool("prometheus"), "--help")
    for flag in services["prometheus"]["command"]:
        assert flag.split("=")[0] + "=" in told.stdout + told.stderr


@pytest.mark.tools
@pytest.mark.slow
def test_docker_builds_the_image() -> None:
    docker = tool("docker")
    if run(docker, "info").returncode != 0:
        pytest.skip("no Docker engine answers")
    done = run(docker, "build", "--file", DEPLOY / "docker/Dockerfile", "--tag", "streamrnn:test", ROOT)
    assert done.returncode == 0, done.stderr
    assert "Learn from the log" in run(docker, "run", "--rm", "streamrnn:test", "run", "--help").stdout
