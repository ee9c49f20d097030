"""How an asking process and a query worker talk: a frame is two lengths (of a JSON head and of a body, network order),
the head and the body."""

import json
import socket
import struct
import time
from typing import Any

LENGTHS = struct.Struct("!IQ")

Head = dict[str, Any]


def framed(head: Head, body: bytes = b"") -> bytes:
    """A frame as it is sent."""
    encoded = json.dumps(head).encode()
    return LENGTHS.pack(len(encoded), len(body)) + encoded + body


def ask(connection: socket.socket, frame: bytes, leash: int) -> None:
    """Send a request, and with it the reading end of a pipe whose other end the asking side keeps."""
    sent = socket.send_fds(connection, [frame], [leash])
    if sent < len(frame):
        connection.sendall(frame[sent:])


def reply(connection: socket.socket, head: Head, body: bytes) -> None:
    """Send an answer."""
    if len(body) < 1 << 16:
        connection.sendall(framed(head, body))
    else:
        encoded = json.dumps(head).encode()
        connection.sendall(LENGTHS.pack(len(encoded), len(body)) + encoded)
        connection.sendall(body)


def unframed(data: bytes | bytearray) -> tuple[Head, bytes] | None:
    """The head and the body of a frame; None while it is not complete."""
    if len(data) < LENGTHS.size:
        return None
    size, length = LENGTHS.unpack_from(data)
    start = LENGTHS.size + size
    if len(data) < start + length:
        return None
    return json.loads(data[LENGTHS.size : start]), bytes(memoryview(data)[start : start + length])


def receive(connection: socket.socket, deadline: float | None, data: bytes = b"") -> tuple[Head, bytes]:
    """Receive a frame that begins with the data that is here already. Raises EOFError when the other side is gone
    before its end, TimeoutError past the deadline (of time.monotonic)."""
    data = _more(connection, data, LENGTHS.size, deadline)
    size, length = LENGTHS.unpack_from(data)
    start = LENGTHS.size + size
    data = _more(connection, data, start, deadline)
    head: Head = json.loads(data[LENGTHS.size : start])
    if len(data) >= start + length:
        return head, data[start:]
    body = bytearray(length)
    filled = len(data) - start
    body[:filled] = data[start:]
    view = memoryview(body)
    while filled < length:
        _wait(connection, deadline)
        count = connection.recv_into(view[filled:])
        if not count:
            raise EOFError("the frame is not complete")
        filled += count
    return head, bytes(body)


def _more(connection: socket.socket, data: bytes, size: int, deadline: float | None) -> bytes:
    pieces, have = [data], len(data)
    while have < size:
        _wait(connection, deadline)
        piece = connection.recv(1 << 16)
        if not piece:
            raise EOFError("the frame is not complete")
        pieces.append(piece)
        have += len(piece)
    return b"".join(pieces)


def _wait(connection: socket.socket, deadline: float | None) -> None:
    if deadline is not None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        connection.settimeout(left)
