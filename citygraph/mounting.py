"""A site under a path of its host, such as /kg/: what its addresses begin with, and how requests find it."""

import re
from collections.abc import Callable, Iterable
from typing import Any

Environment = dict[str, Any]
Application = Callable[[Environment, Callable[..., Any]], Iterable[bytes]]

PATH = re.compile(r"(/(?!\.{1,2}(/|$))[A-Za-z0-9._~-]+)*/?")


def prefix_of(path: str) -> str:
    """The beginning of every address of a site under a path: `/kg` of `/kg/`, nothing of `/`. Raises `ValueError`."""
    if not PATH.fullmatch(path):
        raise ValueError(f"{path!r} is no path for a site, such as /kg/")
    return path.rstrip("/")


def mounted(application: Application, path: str) -> Application:
    """The application under a path. Requests come with the path, or without it from proxies that cut it off."""
    prefix = prefix_of(path)

    def called(environ: Environment, start: Callable[..., Any]) -> Iterable[bytes]:
        asked = environ.get("PATH_INFO", "")
        if asked == prefix or asked.startswith(prefix + "/"):
            environ["PATH_INFO"] = asked[len(prefix) :] or "/"
        environ["SCRIPT_NAME"] = prefix
        return application(environ, start)

    return called if prefix else application
