"""What the options of commands may be: each function reads one from its text, or says what it should have been. An
option that several commands have is added to them by one."""

import argparse
import os
import re
from datetime import date
from pathlib import Path

from citygraph.mounting import prefix_of


def add_store(parser: argparse.ArgumentParser) -> None:
    """Where a graph that is too large for memory is kept."""
    parser.add_argument(
        "--store",
        type=Path,
        default=os.environ.get("CITYGRAPH_STORE"),
        metavar="DIR",
        help="keep the graph on disk, in this folder, and not in memory (default: CITYGRAPH_STORE)",
    )


def site_path(text: str) -> str:
    """A path that a site can stand under."""
    try:
        return prefix_of(text) + "/"
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def count(text: str) -> int:
    """A whole number from 1 on."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 on")
    return int(text)


def port(text: str) -> int:
    """A port from 0 to 65535."""
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port from 0 to 65535")
    return int(text)


def absolute(text: str) -> str:
    """An absolute IRI that others can begin with."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no absolute IRI, such as https://example.org/")
    return text


def seconds(text: str) -> float:
    """A positive number of seconds."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 86_400:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0")
    return value


def not_negative(text: str) -> float:
    """A number from 0 on."""
    if not re.fullmatch(r"\d{1,9}(\.\d*)?", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 0 on")
    return float(text)


def positive(text: str) -> float:
    """A number above 0."""
    if not (value := not_negative(text)):
        raise argparse.ArgumentTypeError("0 is not above 0")
    return value


def up_to_99(text: str) -> int:
    """A whole number from 1 to 99."""
    if not re.fullmatch(r"[1-9]\d?", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 to 99")
    return int(text)


def web(text: str) -> str:
    """An address of the web."""
    if not re.fullmatch(r"https?://[^\s<>\"]+", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no address such as https://example.org/api")
    return text


def day(text: str) -> str:
    """A day as 2026-11-22."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day such as 2026-11-22") from None


def language_list(text: str) -> list[str]:
    """Language tags with commas between."""
    found = [tag for tag in re.split(r"[\s,]+", text) if tag]
    if not found or any(not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]{1,8})*", tag) for tag in found):
        raise argparse.ArgumentTypeError(f"{text!r} is no list of languages such as en,sv")
    return found
