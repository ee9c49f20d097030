"""How a store learns who we are, and nobody else does."""

import hashlib
import logging
from base64 import b64encode
from collections.abc import Callable
from urllib.request import parse_http_list, parse_keqv_list

import pytest
from faulty import JSON, YES, Behaviour, Elsewhere, Request, over, serving
from flask.testing import FlaskClient

from citygraph import credentials, remote
from citygraph.credentials import Credentials
from citygraph.dataset import Dataset
from citygraph.remote import Remote
from server import create_app

SECRETS = Credentials("curator", "open sesame")
TOKEN = Credentials(token="open sesame")  # noqa: S106 (opens nothing)


def checked(header: Callable[[str], str], good: Callable[[str], bool]) -> Behaviour:
    def behave(request: Request) -> None:
        given = request.headers.get("Authorization", "")
        if good(given):
            request.send(200, JSON, YES)
        else:
            request.send(401, "text/html", f"<p>{given}</p>".encode(), WWW_Authenticate=header(given))

    return behave


def digest(given: str) -> bool:
    """Whether the header is right by RFC 7616, for a nonce of `n`."""
    if not given.startswith("Digest "):
        return False
    told = parse_keqv_list(parse_http_list(given.removeprefix("Digest ")))

    def md5(text: str) -> str:
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    proof = f"{md5('curator:store:open sesame')}:n:{told['nc']}:{told['cnonce']}:auth:{md5('POST:/sparql')}"
    return told["response"] == md5(proof)


BASIC = "Basic " + b64encode(b"curator:open sesame").decode()


@pytest.mark.parametrize(
    ("challenge", "good"),
    [
        ('Basic realm="store"', lambda given: given == BASIC),
        ('Digest realm="store", nonce="n", qop="auth", algorithm=MD5', digest),
    ],
    ids=["basic", "digest"],
)
def test_a_name_and_password_are_given_when_asked_for(challenge: str, good: Callable[[str], bool]) -> None:
    with serving(checked(lambda _: challenge, good)) as store:
        engine = over(store, SECRETS)
        assert engine.ask("ASK {}")
        assert engine.ask("ASK {}")
        assert [bool(request.authorization) for request in store.seen] == [False, True, True]


def test_a_token_goes_along() -> None:
    with serving(checked(lambda _: "Bearer", lambda given: given == "Bearer open sesame")) as store:
        assert over(store, TOKEN).ask("ASK {}")
        assert len(store.seen) == 1


@pytest.mark.parametrize("challenge", ['Basic realm="x"', 'Digest realm="x", nonce="n", qop="auth"', "Negotiate", ""])
@pytest.mark.parametrize("known", [SECRETS, TOKEN], ids=["password", "token"])
def test_credentials_are_never_told(
    challenge: str, known: Credentials, caplog: pytest.LogCaptureFixture, dataset: Dataset
) -> None:
    caplog.set_level(logging.DEBUG)
    with serving(checked(lambda _: challenge, lambda _: False)) as store:
        engine = Remote(dataset, store.url, known)
        client: FlaskClient = create_app(dataset=dataset, engine=engine).test_client()
        reply = client.get("/sparql", query_string={"query": "ASK {}"})
        assert len(store.seen) <= 3
    assert reply.status_code == 502
    told = reply.text + caplog.text + repr((engine, engine.endpoint, known, vars(engine)))
    for secret in ("open sesame", "curator", BASIC.split()[1]):
        assert secret not in told


def test_an_address_with_a_password_or_of_no_store_is_refused() -> None:
    for url in ("https://curator:sesame@example.org/", "example.org", "ftp://example.org/", "http:///x", "http://x/#y"):
        with pytest.raises(ValueError, match="store") as error:
            Remote(Elsewhere(), url)
        assert "sesame" not in str(error.value)


def test_the_environment_names_the_store(monkeypatch: pytest.MonkeyPatch, dataset: Dataset) -> None:
    monkeypatch.delenv("CITYGRAPH_ENDPOINT", raising=False)
    assert remote.connect(Elsewhere()) is None
    monkeypatch.setenv("CITYGRAPH_ENDPOINT", "https://example.org/sparql")
    engine = remote.connect(Elsewhere(), timeout=3)
    assert engine is not None
    assert (engine.endpoint.url, engine.limits.timeout) == ("https://example.org/sparql", 3)
    assert isinstance(create_app(dataset=dataset).extensions["site"].engine, Remote)
    monkeypatch.setenv("CITYGRAPH_ENDPOINT_TOKEN", "a\nb")
    with pytest.raises(ValueError, match="one line"):
        credentials.from_environment()
