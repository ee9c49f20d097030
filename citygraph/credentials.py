"""How we identify ourselves to a store: a bearer token, or a name and a password by digest or basic authentication."""

import base64
import os
import threading
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urljoin


@dataclass(frozen=True)
class Credentials:
    """A token, or a name with its password; all empty for a store that is open. Never shown by repr."""

    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)


def from_environment() -> Credentials:
    """What CITYGRAPH_ENDPOINT_TOKEN, or CITYGRAPH_ENDPOINT_USER and CITYGRAPH_ENDPOINT_PASSWORD say.

    Raises ValueError, without their values, for what no header can carry."""
    token, user, password = (os.environ.get(f"CITYGRAPH_ENDPOINT_{name}", "") for name in ("TOKEN", "USER", "PASSWORD"))
    if not (token + user + password).isprintable() or not token.isascii():
        raise ValueError("CITYGRAPH_ENDPOINT_TOKEN, _USER and _PASSWORD are one line each, and a token is ASCII")
    return Credentials(user, password, token)


class Authorization:
    """The Authorization header of the requests to one server. Safe to share between threads."""

    def __init__(self, credentials: Credentials, url: str) -> None:
        self._token, self._basic = credentials.token, ""
        self._challenge: dict[str, str] | None = None
        self._known = bool(credentials.user and not credentials.token)
        self._lock = threading.Lock()
        passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
        passwords.add_password(None, urljoin(url, "/"), credentials.user, credentials.password)
        self._digest = urllib.request.HTTPDigestAuthHandler(passwords)
        self._pair = base64.b64encode(f"{credentials.user}:{credentials.password}".encode()).decode()

    def headers(self, method: str, url: str) -> dict[str, str]:
        """The header for one request; none as long as the server has not said what it wants."""
        if self._token:
            return {"Authorization": f"Bearer {self._token}"}
        with self._lock:
            if self._challenge is not None:
                told = self._digest.get_authorization(urllib.request.Request(url, method=method), self._challenge)
                return {"Authorization": f"Digest {told}"} if told else {}
        return {"Authorization": f"Basic {self._basic}"} if self._basic else {}

    def answer(self, challenges: Sequence[str]) -> bool:
        """Take up what a 401 asks for; whether there is anything to try again with.

        Digest goes before basic, which sends the password itself, and only when it is asked for."""
        if not self._known:
            return False
        asked = {scheme.lower(): rest for scheme, _, rest in (each.strip().partition(" ") for each in challenges)}
        with self._lock:
            if "digest" in asked:
                pairs = urllib.request.parse_http_list(asked["digest"])
                self._challenge = urllib.request.parse_keqv_list([pair for pair in pairs if "=" in pair])
            elif "basic" in asked:
                self._basic = self._pair
            else:
                return False
        return True
