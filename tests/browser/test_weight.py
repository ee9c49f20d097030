"""What a page costs who opens it first: bytes on the line, and requests, that of the icon counted too."""

import pytest
from watching import Watched


def kilobytes(watched: Watched) -> float:
    """All that came over the line for a page, with its heads. What came out of the browser's own store cost nothing."""
    return sum(max(0, sizes["responseBodySize"]) + sizes["responseHeadersSize"] for sizes in came(watched)) / 1000


def came(watched: Watched) -> list[dict[str, int]]:
    """The sizes of the replies that the server sent."""
    sizes = [dict(request.sizes()) for request in watched.requests]
    return [each for each in sizes if each["responseBodySize"] > 0]  # type: ignore[operator, misc]


@pytest.mark.parametrize(
    ("path", "most_kilobytes", "most_requests"),
    [("/", 120, 6), ("/city/norrkoping.html", 30, 6), ("/city/lyon.html", 30, 6), ("/map", 120, 6)],
)
def test_a_page_is_light(watched: Watched, path: str, most_kilobytes: int, most_requests: int) -> None:
    watched.page.goto(path, wait_until="networkidle")
    assert len(came(watched)) <= most_requests, [each.url for each in watched.requests]
    assert kilobytes(watched) <= most_kilobytes
    print(f"{path}: {kilobytes(watched):.1f} kB in {len(came(watched))} requests")
