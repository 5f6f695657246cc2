"""Who may read: whoever shows the token or a certificate that was asked for; and which names this host answers to."""

from __future__ import annotations

import base64
import binascii
import hmac
from http import HTTPStatus
from typing import TYPE_CHECKING

from streamrnn.settings.service import is_loopback
from streamrnn.web.message import RefusedError, Request

if TYPE_CHECKING:
    from streamrnn.settings.service import Http


class Access:
    """Judges requests by the settings of `Http`.

    Where the server listens on this machine alone and asks for nothing, it answers to this machine's own names only: a
    page of another site, whose name was made to lead here, would otherwise read all.
    """

    def __init__(self, http: Http) -> None:
        self._token = None if http.token is None else http.token.encode()
        self._certificate = http.client_ca is not None
        self._own_names = is_loopback(http.host) and not http.protected

    def check(self, request: Request, certified: bool) -> None:
        """Pass a request that may be answered.

        Parameters
        ----------
        request : what is asked
        certified : whether the client showed a certificate that was accepted

        Raises
        ------
        RefusedError
            It may not.
        """
        if self._own_names and not _is_own(request.headers.get("host", "")):
            raise RefusedError(HTTPStatus.MISDIRECTED_REQUEST, "this server answers to localhost and 127.0.0.1 alone")
        if self._certificate and not certified:
            raise RefusedError(HTTPStatus.FORBIDDEN, "show a certificate that http.client_ca has signed")
        if self._token is not None and not hmac.compare_digest(_shown(request), self._token):
            raise RefusedError(
                HTTPStatus.UNAUTHORIZED,
                "show http.token as a bearer token, or as the password of any user",
                WWW_Authenticate='Basic realm="streamrnn", charset="UTF-8"',
            )

    def open_to(self, request: Request, certified: bool) -> bool:
        """Whether a request may be answered."""
        try:
            self.check(request, certified)
        except RefusedError:
            return False
        return True


def _is_own(host: str) -> bool:
    name = host.rpartition(":")[0] if ":" in host and not host.endswith("]") else host
    return is_loopback(name.strip("[]").lower())


def _shown(request: Request) -> bytes:
    """The token that a request bears; empty where there is none."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    match scheme.lower():
        case "bearer":
            return given.strip().encode("latin-1")
        case "basic":
            try:
                return base64.b64decode(given.strip(), validate=True).partition(b":")[2]
            except (binascii.Error, ValueError):
                return b""
    return b""
