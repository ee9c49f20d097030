"""Files as replies: whole or in part, never through memory, with the checksum of the manifest as their strong ETag."""

from pathlib import Path

from flask import Response, request
from werkzeug.exceptions import NotFound

from citygraph import ranges, replies, signposts
from citygraph.archive import Export
from citygraph.distributions import File

OF_RANGES = "Accept-Ranges, Content-Length, Content-Range"
"""What a script on another site has to read to take a file in parts, as readers of SQLite over HTTP do."""


def content_type(file: File) -> str:
    """The type of the bytes as they are: what is packed is sent as a file that is packed, and unpacked by nobody on
    the way, so that sizes and checksums are those of what is kept."""
    if file.compress:
        return file.compress
    return f"{file.media_type}; charset=utf-8" if file.media_type.startswith("text/") else file.media_type


def reply(held: Export, file: File, lasting: str, download: bool = False) -> Response:
    """A file of an export, or the part of it that is asked for; `lasting` is what caches may do with it.

    Raises `NotFound` for a file that is no longer what its manifest says.
    """
    path = held.folder / file.path
    if not path.is_file() or path.is_symlink() or path.stat().st_size != file.bytes:
        raise NotFound(f"{file.path} is being replaced, or is no longer what its manifest says.")
    response = Response(content_type=content_type(file))
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["Access-Control-Expose-Headers"] = f"{replies.EXPOSED}, {OF_RANGES}"
    response.headers["Cache-Control"] = lasting
    for link in signposts.of_content():
        response.headers.add("Link", link)
    response.set_etag(file.sha256)
    response.last_modified = held.modified
    if download:
        response.headers["Content-Disposition"] = f'attachment; filename="{file.path}"'
    response.make_conditional(request)
    return response if response.status_code in (304, 412) else filled(response, path, file)


def filled(response: Response, path: Path, file: File) -> Response:
    """The reply with the bytes that are asked for."""
    start, stop = 0, file.bytes
    wanted = request.headers.get("Range", "") if request.method == "GET" else ""
    if wanted and ranges.stands(request.headers.get("If-Range", ""), f'"{file.sha256}"'):
        try:
            part = ranges.asked(wanted, file.bytes)
        except ranges.Unsatisfiable:
            return unsatisfiable(file.bytes)
        if part:
            start, stop = part
            response.status_code = 206
            response.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{file.bytes}"
    response.content_length = stop - start
    response.direct_passthrough = True
    response.response = ranges.Piece(path, start, stop)
    return response


def unsatisfiable(length: int) -> Response:
    """The answer to a range that lies beyond the file."""
    said = replies.problem(416, "Range not satisfiable", f"The file has {length} bytes.")
    said.headers["Content-Range"] = f"bytes */{length}"
    said.headers["Accept-Ranges"] = "bytes"
    return said
