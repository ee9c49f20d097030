"""What commands that ask Wikidata have in common: their options, and the client that these make."""

import argparse
import os
from collections.abc import Callable
from pathlib import Path

from citygraph.arguments import not_negative, positive, up_to_99, web
from citygraph.dataset import Dataset
from citygraph.fetching import Client, Manners, agent
from citygraph.wikidata import Addresses, Wikidata

PLACES = Addresses()
NUMBERS = (
    ("--max-age", "DAYS", 1.0, "age up to which an answer is kept"),
    ("--pause", "SECONDS", 1.0, "between two requests to one site"),
    ("--backoff", "SECONDS", 2.0, "after a failure, doubled each time; what the site asks for comes first"),
    ("--timeout", "SECONDS", 60.0, "for one request"),
    ("--longest-wait", "SECONDS", 300.0, "a site that asks for more is left for another day"),
)


def add(parser: argparse.ArgumentParser) -> None:
    """The options of the client."""
    asking = parser.add_argument_group("how Wikidata is asked")
    asking.add_argument("--cache", type=Path, metavar="DIR", help="folder for answers (default: ~/.cache/citygraph)")
    asking.add_argument("--offline", action="store_true", help="ask nobody; answers of any age from the cache")
    asking.add_argument("--refresh", action="store_true", help="ask again, whatever is in the cache")
    for name, unit, number, text in NUMBERS:
        kind = positive if name == "--timeout" else not_negative
        asking.add_argument(name, type=kind, default=number, metavar=unit, help=f"{text} (default: %(default)g)")
    asking.add_argument("--attempts", type=up_to_99, default=5, metavar="N", help="of a request (default: %(default)s)")
    asking.add_argument(
        "--contact",
        default=os.environ.get("CITYGRAPH_CONTACT"),
        help="who asks: an address of web or mail, told to the sites (default: CITYGRAPH_CONTACT, else the base)",
    )
    for name, url in (("api", PLACES.api), ("sparql", PLACES.sparql), ("reconciliation", PLACES.reconciliation)):
        variable = f"CITYGRAPH_WIKIDATA_{name.upper()}"
        told = f"(default: {variable}, else {url})"
        asking.add_argument(f"--{name}", type=web, default=os.environ.get(variable, url), metavar="URL", help=told)


def wikidata(given: argparse.Namespace, loaded: Dataset, say: Callable[[str], None]) -> Wikidata:
    """The client that the options ask for."""
    manners = Manners(
        agent=agent(given.contact or loaded.base),
        cache=cache(given),
        offline=given.offline,
        refresh=given.refresh,
        max_age=given.max_age * 86_400,
        pause=given.pause,
        backoff=given.backoff,
        timeout=given.timeout,
        attempts=given.attempts,
        longest_wait=given.longest_wait,
    )
    return Wikidata(Client(manners, say), Addresses(given.api, given.sparql, given.reconciliation))


def cache(given: argparse.Namespace) -> Path:
    """The folder for answers: the one that is named, else the place for caches of this user."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return given.cache or Path(home) / "citygraph"
