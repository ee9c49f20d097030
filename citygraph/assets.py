"""The editor of the query page, YASGUI: installed from npm at set-up, where that can be done, and never needed.

Its version is pinned in `citygraph/yasgui/package.json`, every package that comes with it by its hash in the lock
beside. Two files are copied into `.assets/`, which is not under version control; no script of a package is run.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from functools import cache
from hashlib import sha256
from pathlib import Path

from citygraph import arguments

PINNED = Path(__file__).with_name("yasgui")
FOLDER = Path(__file__).parents[1] / ".assets"
FILES = ("yasgui.min.js", "yasgui.min.css")
PACKAGE = "@zazuko/yasgui"
SECONDS = 300
"""The longest that npm may take."""
NPM = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error",
       "--fetch-retries=0", "--fetch-timeout=15000")  # fmt: skip
"""Without another try for what cannot be reached, so that a machine without a network is told so at once."""


class NotInstalled(Exception):
    """Why there is no editor."""


def pinned() -> tuple[str, str]:
    """The version that belongs to this checkout, and the hash of the lock."""
    lock = (PINNED / "package-lock.json").read_bytes()
    version = json.loads((PINNED / "package.json").read_bytes())["dependencies"][PACKAGE]
    return str(version), sha256(lock).hexdigest()


def install(seconds: float) -> None:
    """Put the two files into the folder. Raises `NotInstalled`; what was there before is then left as it was."""
    version, lock = pinned()
    if shutil.which("npm") is None:
        raise NotInstalled("npm is not installed (on Debian: apt install npm)")
    with tempfile.TemporaryDirectory(prefix="editor-") as folder:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(PINNED / name, folder)
        run(folder, seconds)
        built = Path(folder, "node_modules", PACKAGE, "build")
        FOLDER.mkdir(exist_ok=True)
        for name in FILES:
            shutil.copy(built / name, FOLDER / f"{name}.new")
            (FOLDER / f"{name}.new").replace(FOLDER / name)
    tell({"version": version, "lock": lock})


def run(folder: str, seconds: float) -> None:
    """Run npm in a folder, with all that it starts, for so many seconds at most. Raises `NotInstalled`."""
    with subprocess.Popen(
        NPM, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as npm:
        try:
            _, said = npm.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(npm.pid, signal.SIGKILL)
            raise NotInstalled(f"npm did not end within {seconds:g} seconds") from None
    if npm.returncode:
        raise NotInstalled(f"npm could not install {PACKAGE}: {reason(said)}")


def reason(said: str) -> str:
    """What npm found out, without the address that it asked."""
    code = next((line.split()[-1] for line in said.splitlines() if " code " in line), "")
    known = {
        "ENOTFOUND": "the registry's name cannot be found; is there a network?",
        "EAI_AGAIN": "the registry's name cannot be found; is there a network?",
        "ECONNREFUSED": "the registry refuses the connection",
        "ETIMEDOUT": "the registry does not answer",
        "ERR_SOCKET_TIMEOUT": "the registry does not answer",
        "EINTEGRITY": "a package has not the hash that the lock says",
        "E404": "the registry has no such package",
    }
    return known.get(code, code or "it ended without a word")


def tell(state: dict[str, str]) -> None:
    """Keep what became of it."""
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "state.json").write_text(json.dumps(state), "utf-8")


def state() -> dict[str, str]:
    """What became of the last try: version and hash of the lock, or the reason why not."""
    try:
        found = json.loads((FOLDER / "state.json").read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return {"reason": "it was not tried; make assets installs it"}
    return found if isinstance(found, dict) else {}


@cache
def installed() -> str | None:
    """The version of the editor that is there and belongs to this checkout."""
    found = state()
    ready = all((FOLDER / name).is_file() for name in FILES)
    return pinned()[0] if ready and found.get("lock") == pinned()[1] else None


def told() -> str:
    """Whether the editor is there, and if not, why, in words."""
    if version := installed():
        return f"YASGUI {version}"
    return f"the plain form ({state().get('reason') or 'the editor is of another version; make assets installs it'})"


def options(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument(
        "--within", type=arguments.seconds, default=SECONDS, help="seconds at most (default: %(default)s)"
    )
    parser.add_argument("--once", action="store_true", help="only if it was not tried yet; never fail")


def command(given: argparse.Namespace) -> int:
    """Install the editor; with `--once`, only where it was not tried yet, and without failing."""
    tried = {"tried": pinned()[1], "with": shutil.which("npm") or ""}
    if given.once and (installed() or tried.items() <= state().items()):
        return 0
    try:
        install(min(given.within, SECONDS))
    except (NotInstalled, OSError) as error:
        if version := installed():
            print(f"The query page keeps its editor, YASGUI {version}: {error}.", file=sys.stderr)
        else:
            tell({"reason": str(error), **tried})
            print(f"The query page has its plain form, without an editor: {error}.", file=sys.stderr)
        return 0 if given.once else 1
    print(f"The query page has its editor: YASGUI {pinned()[0]}.", file=sys.stderr)
    return 0
