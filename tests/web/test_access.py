"""Whoever may read is let in, and nobody else."""

import base64

import pytest

from streamrnn.settings.service import Http
from streamrnn.web.access import Access
from streamrnn.web.message import RefusedError, Request

TOKEN = "a-token-of-some-length:é"
PEM = {"certificate": "c.pem", "key": "k.pem", "client_ca": "ca.pem"}


def request(**headers: str) -> Request:
    return Request("GET", "/", (), {}, {"host": "127.0.0.1:9464"} | headers)


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def status(http: Http, asked: Request, certified: bool = False) -> int:
    try:
        Access(http).check(asked, certified)
    except RefusedError as error:
        return int(error.status)
    return 200


@pytest.mark.parametrize(
    "shown", [f"Bearer {TOKEN}".encode().decode("latin-1"), basic("", TOKEN), basic("grafana", TOKEN)]
)
def test_the_token_opens_as_bearer_and_as_anybodys_password(shown: str) -> None:
    assert status(Http(token=TOKEN), request(authorization=shown)) == 200


WRONG = ["", "Bearer", "Bearer ", "Bearer x", f"Bearer {TOKEN[:-1]}", f"Token {TOKEN}", "Basic", "Basic ?"]


@pytest.mark.parametrize("shown", [*WRONG, basic(TOKEN, "")])
def test_anything_else_is_asked_for_the_token(shown: str) -> None:
    http = Http(token=TOKEN)
    assert status(http, request(authorization=shown)) == 401
    assert not Access(http).open_to(request(authorization=shown), False)


def test_where_certificates_are_asked_for_none_is_refused() -> None:
    http = Http.model_validate(PEM)
    assert status(http, request()) == 403
    assert status(http, request(), certified=True) == 200


def test_both_are_wanted_where_both_are_set() -> None:
    http = Http.model_validate(PEM | {"token": TOKEN})
    shown = request(authorization=basic("", TOKEN))
    assert status(http, shown) == 403
    assert status(http, request(), certified=True) == 401
    assert status(http, shown, certified=True) == 200


OWN = ["localhost", "localhost:9464", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:9464", "LOCALHOST"]
OTHERS = ["", "evil.example", "evil.example:9464", "localhost.evil.example", "192.0.2.1", "[2001:db8::1]"]


@pytest.mark.parametrize("host", OWN)
def test_on_this_machine_alone_its_own_names_are_answered(host: str) -> None:
    assert status(Http(), request(host=host)) == 200


@pytest.mark.parametrize("host", OTHERS)
def test_a_name_that_was_made_to_lead_here_is_not(host: str) -> None:
    assert status(Http(), request(host=host)) == 421


def test_elsewhere_and_with_a_token_any_name_will_do() -> None:
    assert status(Http(host="0.0.0.0", unprotected=True), request(host="events.example")) == 200
    shown = request(host="events.example", authorization=basic("", TOKEN))
    assert status(Http(token=TOKEN), shown) == 200
