"""The engine over a store that hangs, floods or breaks off: each within its limit."""

import threading
import time

import pytest
from faulty import JSON, YES, Behaviour, Elsewhere, Request, over, replying, serving

from citygraph.endpoint import StoreFailed, StoreUnreachable
from citygraph.errors import Busy, ResultTooLarge, TimedOut
from citygraph.remote import Remote


def slowly(*parts: bytes) -> Behaviour:
    """Sends the first part at once and the others over and over, a part each hundredth of a second."""

    def behave(request: Request) -> None:
        request.wfile.write(parts[0])
        while not request.server.stopped.wait(0.01):
            for part in parts[1:]:
                request.wfile.write(part)

    return behave


HEAD = f"HTTP/1.1 200 OK\r\nContent-Type: {JSON}\r\n".encode()


@pytest.mark.parametrize(
    "behaviour",
    [
        slowly(b""),
        slowly(b"HTTP/1.1 200 OK\r\n", b"X"),
        slowly(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        slowly(HEAD + b"Content-Length: 100\r\n\r\n"),
        slowly(HEAD + b"Content-Length: 100000\r\n\r\n", b" "),
        slowly(HEAD + b"Connection: close\r\n\r\n", b" "),
        slowly(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    ],
    ids=["nothing", "status", "headers", "silence", "trickle", "endless", "chunks"],
)
def test_a_slow_store_is_left_at_the_limit(behaviour: Behaviour) -> None:
    with serving(behaviour) as store:
        started = time.monotonic()
        with pytest.raises((TimedOut, StoreFailed)) as error:
            over(store, timeout=30).query("ASK {}", timeout=0.5)
        assert time.monotonic() - started < 1.5
    if isinstance(error.value, TimedOut):
        assert error.value.extra == {"limit_seconds": 0.5}


def test_a_body_that_never_ends_is_cut_at_its_limit() -> None:
    flood = slowly(HEAD + b"Connection: close\r\n\r\n", b" " * 65536)
    with serving(flood) as store, pytest.raises(ResultTooLarge) as error:
        over(store, max_body=1 << 20).query("ASK {}")
    assert error.value.extra["limit_bytes"] == 1 << 20


def test_a_connection_that_breaks_is_tried_once_more() -> None:
    with serving(lambda request: request.reset()) as store:
        with pytest.raises(StoreFailed, match="broke off"):
            over(store).query("ASK {}")
        assert len(store.seen) == 2

    def first_time(request: Request) -> None:
        request.reset() if len(request.server.seen) == 1 else request.send(200, JSON, YES)

    with serving(first_time) as store:
        assert over(store).ask("ASK {}")


def test_a_store_that_is_not_there_is_503() -> None:
    with serving(replying(JSON, YES)) as store:
        url = store.url
    with pytest.raises(StoreUnreachable) as error:
        Remote(Elsewhere(), url).ask("ASK {}")
    assert error.value.headers["Retry-After"]
    assert "127.0.0.1" not in error.value.detail


def test_more_queries_than_the_store_gets_wait_and_are_sent_away_while_pages_go_on() -> None:
    def held(request: Request) -> None:
        if b"held" in request.server.seen[-1].body:
            request.server.stopped.wait(10)
        request.send(200, JSON, YES)

    with serving(held) as store:
        engine = over(store, connections=3)
        waiting = threading.Thread(target=lambda: engine.query("ASK {} # held"))
        waiting.start()
        while not store.seen:
            time.sleep(0.01)
        started = time.monotonic()
        with pytest.raises(Busy) as error:
            engine.query("ASK {}")
        assert 0.5 < time.monotonic() - started < 2
        assert error.value.headers["Retry-After"]
        assert engine.ask("ASK {}")
        store.stopped.set()
        waiting.join()
        assert engine.query("ASK {}").body == YES
        engine.close()
