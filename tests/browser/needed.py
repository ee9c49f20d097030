"""What the browser tests need and may not have."""

import os
from typing import NoReturn

import pytest


def unless_required(reason: str) -> NoReturn:
    """Skip the test, or fail it where the environment requires the browser tests."""
    if os.environ.get("BROWSER_TESTS") == "require":
        pytest.fail(reason)
    pytest.skip(reason)
