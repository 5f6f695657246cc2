"""Probes are for everybody; why they fail is for those who may read."""

import asyncio
import json
from http import HTTPStatus
from typing import Any, cast

import pytest
from prometheus_client import CollectorRegistry, Counter

from streamrnn.page.page import Page
from streamrnn.page.site import Site
from streamrnn.settings.service import Http
from streamrnn.web.access import Access
from streamrnn.web.message import Answer, RefusedError, Request

TOKEN = "a-token-of-some-length"


def site(token: str | None = None) -> Site:
    registry = CollectorRegistry()
    Counter("streamrnn_things", "Things.", registry=registry).inc(3)
    access = Access(Http(token=token))
    return Site(access, registry, lambda: None, lambda: "restoring events-0", cast(Page, None))


def respond(site: Site, *parts: str, **headers: str) -> Answer:
    request = Request("GET", "/" + "/".join(parts), parts, {}, {"host": "localhost"} | headers)
    return asyncio.run(site.respond(request, False))


def content(answer: Answer) -> Any:
    return json.loads(answer.body)


def test_a_healthy_daemon_passes_its_probe() -> None:
    answer = respond(site(), "livez")
    assert (answer.status, content(answer)) == (HTTPStatus.OK, {"ok": True})


def test_a_failing_probe_gives_its_reason() -> None:
    answer = respond(site(), "readyz")
    assert answer.status == HTTPStatus.SERVICE_UNAVAILABLE
    assert content(answer) == {"ok": False, "reason": "restoring events-0"}


def test_with_a_token_the_reason_is_told_to_who_shows_it() -> None:
    guarded = site(TOKEN)
    answer = respond(guarded, "readyz")
    assert (answer.status, content(answer)) == (HTTPStatus.SERVICE_UNAVAILABLE, {"ok": False})
    answer = respond(guarded, "readyz", authorization=f"Bearer {TOKEN}")
    assert content(answer) == {"ok": False, "reason": "restoring events-0"}


def test_metrics_are_served_as_text_and_as_openmetrics_when_asked() -> None:
    answer = respond(site(), "metrics")
    assert answer.content_type.startswith("text/plain") and b"streamrnn_things_total 3.0" in answer.body
    answer = respond(site(), "metrics", accept="application/openmetrics-text; version=1.0.0")
    assert answer.content_type.startswith("application/openmetrics-text") and answer.body.endswith(b"# EOF\n")


def test_the_page_loads_nothing_that_is_not_here() -> None:
    page = respond(site()).body.decode()
    files = [part.split('"')[0] for part in page.replace('src="', 'href="').split('href="')[1:]]
    assets = [file for file in files if file.startswith("assets/")]
    assert len(assets) >= 4
    for file in assets:
        assert respond(site(), *file.split("/")).status == HTTPStatus.OK
    assert "http://" not in page.replace("http://www.w3.org/2000/svg", "") and "https://" not in page


@pytest.mark.parametrize("parts", [("other",), ("assets", "..", "page.py"), ("assets", "index.html"), ("v1",)])
def test_what_is_not_there_is_not_found(parts: tuple[str, ...]) -> None:
    with pytest.raises(RefusedError) as refused:
        respond(site(), *parts)
    assert refused.value.status == HTTPStatus.NOT_FOUND
