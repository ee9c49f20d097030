"""Asking other people's sites, politely: we say who we are, ask seldom, come again when they are busy, and keep what
they said, so that a run that was broken off goes on where it stopped.
"""

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from urllib3 import BaseHTTPResponse, HTTPHeaderDict, PoolManager, Retry, Timeout
from urllib3.exceptions import HTTPError, MaxRetryError, NewConnectionError, ProtocolError, TimeoutError

from citygraph.errors import EngineError

LARGEST = 1 << 26
"""Bytes of one answer."""
CONNECTING = 10.0
"""Seconds to connect."""
BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses that may be another tomorrow, or in five seconds."""


class SiteFailed(EngineError):
    """A site did not give what it was asked for, after all attempts."""

    status = 502
    title = "No answer from outside"


class NotKept(SiteFailed):
    """Offline, and the answer is not in the cache."""

    title = "Not in the cache"


class Again(Exception):
    """The site did not answer now; `seconds` is how long it asks us to wait, if it says."""

    def __init__(self, reason: str, seconds: float | None = None) -> None:
        super().__init__(reason)
        self.seconds = seconds


@dataclass(frozen=True)
class Manners:
    """How a client behaves. Times in seconds; `cache` is a folder, made when first needed, and None keeps nothing.
    `pause` is between two requests to one site, `backoff` the first wait after a failure, doubled each time."""

    agent: str
    cache: Path | None = None
    offline: bool = False
    refresh: bool = False
    max_age: float = 86_400.0
    pause: float = 1.0
    backoff: float = 2.0
    timeout: float = 60.0
    attempts: int = 5
    longest_wait: float = 300.0


def agent(contact: str) -> str:
    """Who we are, as sites ask to be told: name, a way to reach us, and the library."""
    return f"creative-cities-graph ({contact}) urllib3/{version('urllib3')}"


Judge = Callable[[object, HTTPHeaderDict], None]
"""Raises `Again` or `SiteFailed` for a document that is an error in spite of its status."""


@dataclass
class Client:
    """One client; `say` is told what it waits for. `asked` counts the requests sent, `kept` the answers from disk."""

    manners: Manners
    say: Callable[[str], None] = lambda text: None
    asked: int = 0
    kept: int = 0
    _last: dict[str, float] = field(default_factory=dict)
    _pool: PoolManager = field(default_factory=lambda: PoolManager(num_pools=4, maxsize=1))

    def fetch(
        self, method: str, url: str, parameters: Mapping[str, str], accept: str, judge: Judge = lambda *_: None
    ) -> object:
        """The JSON document that a site answers with, from the cache if it was asked before.

        Raises SiteFailed; nothing that is broken, or an error, is ever kept."""
        key = json.dumps([method, url, sorted(parameters.items())], ensure_ascii=False)
        file = self.manners.cache and self.manners.cache / f"{hashlib.sha256(key.encode()).hexdigest()}.json"
        if file and not self.manners.refresh and (found := self._read(file, key)) is not None:
            self.kept += 1
            return found
        if self.manners.offline:
            raise NotKept(f"{urlsplit(url).netloc} was not asked this before; run it once without --offline.")
        document = self._persist(method, url, parameters, accept, judge)
        if file:
            write(file, {"asked": key, "fetched": datetime.now(UTC).isoformat(), "answer": document})
        return document

    def _read(self, file: Path, key: str) -> object | None:
        try:
            kept = json.loads(file.read_text("utf-8"))
            age = (datetime.now(UTC) - datetime.fromisoformat(kept["fetched"])).total_seconds()
            fresh = self.manners.offline or age <= self.manners.max_age
            return kept["answer"] if fresh and kept["asked"] == key else None
        except (OSError, ValueError, KeyError, TypeError):
            # Not there, or not written by us: asking again costs one request.
            return None

    def _persist(self, method: str, url: str, parameters: Mapping[str, str], accept: str, judge: Judge) -> object:
        """Ask until there is an answer, waiting as long as the site says, or twice as long each time."""
        site = urlsplit(url).netloc
        for attempt in range(1, self.manners.attempts + 1):
            self._take_turn(site)
            try:
                document, headers = self._ask(method, url, parameters, accept)
                judge(document, headers)
                return document
            except Again as again:
                wait = again.seconds if again.seconds is not None else self.manners.backoff * 2 ** (attempt - 1)
                if attempt == self.manners.attempts:
                    raise SiteFailed(f"{site}: {again}, {attempt} times.") from None
                if wait > self.manners.longest_wait:
                    raise SiteFailed(f"{site}: {again}, and asks to be left for {wait:.0f} seconds.") from None
                self.say(f"{site}: {again}; again in {wait:g} s")
                time.sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    def _take_turn(self, site: str) -> None:
        """Wait until the site may be asked again."""
        time.sleep(max(0.0, self._last.get(site, 0.0) + self.manners.pause - time.monotonic()))
        self._last[site] = time.monotonic()

    def _ask(self, method: str, url: str, parameters: Mapping[str, str], accept: str) -> tuple[object, HTTPHeaderDict]:
        headers = {"User-Agent": self.manners.agent, "Accept": accept, "Accept-Encoding": "gzip"}
        text, body = urlencode(sorted(parameters.items())), None
        if method == "POST":
            headers["Content-Type"], body = "application/x-www-form-urlencoded", text.encode()
        else:
            url += ("&" if "?" in url else "?") + text
        self.asked += 1
        deadline = time.monotonic() + self.manners.timeout
        try:
            opened = self._pool.urlopen(
                method,
                url,
                body=body,
                headers=headers,
                timeout=Timeout(connect=CONNECTING, read=self.manners.timeout),
                # What is waited for, and how long, is decided in one place: above.
                retries=Retry(3, connect=0, read=0, status=0, other=0, redirect=3, respect_retry_after_header=False),
                preload_content=False,
            )
            content = read(opened, deadline)
        except (HTTPError, TimeoutError) as error:
            raise Again(reason(error)) from None
        if opened.status in BUSY:
            raise Again(f"status {opened.status}", retry_after(opened.headers.get("Retry-After")))
        if opened.status != 200:
            raise SiteFailed(f"{urlsplit(url).netloc} answered {opened.status}: {excerpt(content)}")
        try:
            return json.loads(content), HTTPHeaderDict(opened.headers)
        except ValueError:
            raise Again("no JSON, or half of it") from None


def read(opened: BaseHTTPResponse, deadline: float) -> bytes:
    """The body. Raises TimeoutError at the deadline, and SiteFailed when it is larger than we read."""
    pieces, size, whole = [], 0, False
    try:
        for piece in opened.stream(1 << 16, decode_content=True):
            pieces.append(piece)
            size += len(piece)
            if size > LARGEST:
                raise SiteFailed(f"An answer is longer than {LARGEST:,} bytes.")
            if time.monotonic() > deadline:
                raise TimeoutError
        whole = True
    finally:
        if whole:
            opened.release_conn()
        else:
            opened.close()
    return b"".join(pieces)


def reason(error: HTTPError) -> str:
    """What went wrong on the way, in words."""
    inner = error.reason if isinstance(error, MaxRetryError) and error.reason else error
    if isinstance(inner, TimeoutError) and not isinstance(inner, NewConnectionError):
        return "no answer in time"
    return "the answer broke off" if isinstance(inner, ProtocolError) else f"no connection ({type(inner).__name__})"


def retry_after(stated: str | None) -> float | None:
    """The seconds that a Retry-After header asks for: a number, or a date. None where it says nothing readable."""
    if not stated:
        return None
    if stated.strip().isdecimal():
        return float(stated)
    try:
        then = parsedate_to_datetime(stated)
    except ValueError:
        return None
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return max(0.0, (then - datetime.now(UTC)).total_seconds())


def excerpt(content: bytes) -> str:
    """The beginning of what a site said, on one line."""
    return " ".join(content[:400].decode("utf-8", "replace").split())[:200]


def write(file: Path, content: object) -> None:
    """Put a JSON file in place, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_suffix(".new")
    beside.write_text(json.dumps(content, ensure_ascii=False), "utf-8")
    beside.replace(file)
