"""Probes say why, metrics are served, and a taken port is explained."""

import http.client
import json
import socket
from collections.abc import Iterator

import pytest
from prometheus_client import CollectorRegistry, Counter

from streamrnn.observe.http import HttpError, HttpServer


class Health:
    """What the probes answer, to be changed by a test."""

    live: str | None = None
    ready: str | None = None


@pytest.fixture
def health() -> Health:
    return Health()


@pytest.fixture
def server(health: Health) -> Iterator[HttpServer]:
    registry = CollectorRegistry()
    Counter("streamrnn_things", "Things.", registry=registry).inc(3)
    server = HttpServer("127.0.0.1", 0, registry, lambda: health.live, lambda: health.ready)
    server.start()
    yield server
    server.stop()


def get(server: HttpServer, path: str, method: str = "GET", accept: str = "*/*") -> tuple[int, str, str]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    try:
        connection.request(method, path, headers={"Accept": accept})
        answer = connection.getresponse()
        return answer.status, answer.getheader("Content-Type", ""), answer.read().decode()
    finally:
        connection.close()


def test_metrics_are_served_as_text(server: HttpServer) -> None:
    status, content_type, body = get(server, "/metrics")
    assert status == 200 and content_type.startswith("text/plain")
    assert "streamrnn_things_total 3.0" in body


def test_metrics_are_served_as_openmetrics_when_asked(server: HttpServer) -> None:
    _, content_type, body = get(server, "/metrics", accept="application/openmetrics-text; version=1.0.0")
    assert content_type.startswith("application/openmetrics-text") and body.endswith("# EOF\n")


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_a_healthy_daemon_passes_its_probes(server: HttpServer, path: str) -> None:
    status, content_type, body = get(server, path)
    assert (status, content_type, json.loads(body)) == (200, "application/json", {"ok": True})


def test_a_failing_probe_gives_its_reason(server: HttpServer, health: Health) -> None:
    health.ready = "restoring events-0"
    status, _, body = get(server, "/readyz?verbose")
    assert (status, json.loads(body)) == (503, {"ok": False, "reason": "restoring events-0"})
    assert get(server, "/livez")[0] == 200


def test_a_probe_that_raises_is_an_error_not_a_hang(health: Health) -> None:
    def broken() -> str | None:
        raise ValueError("no such shard")

    server = HttpServer("127.0.0.1", 0, CollectorRegistry(), broken, broken)
    server.start()
    try:
        assert get(server, "/livez")[0] == 500
    finally:
        server.stop()


def test_the_index_lists_the_pages_and_others_are_not_found(server: HttpServer) -> None:
    status, _, body = get(server, "/")
    assert status == 200 and all(page in body for page in ("/metrics", "/livez", "/readyz"))
    assert get(server, "/other")[0] == 404


def test_head_has_no_body(server: HttpServer) -> None:
    assert get(server, "/livez", method="HEAD")[::2] == (200, "")


def test_a_taken_port_names_the_remedy(server: HttpServer) -> None:
    second = HttpServer("127.0.0.1", server.port, CollectorRegistry(), lambda: None, lambda: None)
    with pytest.raises(HttpError, match=r"set http\.host and http\.port to a free address"):
        second.start()
    second.stop()


def test_a_host_that_is_not_ours_names_the_remedy() -> None:
    with pytest.raises(HttpError, match=r"http\.host"):
        HttpServer("192.0.2.1", 0, CollectorRegistry(), lambda: None, lambda: None).start()


def test_idle_connections_do_not_pile_up(server: HttpServer) -> None:
    idle = [socket.create_connection(("127.0.0.1", server.port), timeout=5) for _ in range(16)]
    try:
        with pytest.raises((ConnectionError, http.client.BadStatusLine)):
            get(server, "/livez")
    finally:
        for connection in idle:
            connection.close()


def test_it_stops_and_starts_again(server: HttpServer) -> None:
    server.stop()
    server.start()
    assert get(server, "/livez")[0] == 200
