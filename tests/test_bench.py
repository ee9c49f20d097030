"""The bench stands on data that is valid and the same each time, and sees a wrong answer. Nothing is timed here."""

import json
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pyoxigraph import QueryResultsFormat, QuerySolutions, Store

from bench import answers, comunica, load, questions
from bench.__main__ import main as bench
from bench.generate import generate
from bench.generate import main as command
from bench.peers import STARTERS, missing
from bench.report import Figure, Run, goal, lines
from bench.servers import Peer, process, program, said, wait
from citygraph import dataset as folders
from citygraph import validation
from citygraph.dataset import Dataset

ROOT = Path(__file__).parents[1]
CITIES = 60


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("bench") / "network"
    generate(ROOT, made, CITIES)
    return made


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def cities(root: Path) -> int:
    query = "SELECT ?c { ?c a <https://w3id.org/creative-cities/ontology#CreativeCity> }"
    return len(list(folders.solutions(folders.load(root).store, query)))


def test_a_network_is_valid_by_our_shapes_and_in_our_form(root: Path) -> None:
    assert list(validation.validate(root).lines()) == []


def test_a_network_has_as_many_cities_as_were_wanted(root: Path) -> None:
    assert cities(root) == CITIES


def test_the_same_call_writes_the_same_bytes(root: Path, tmp_path: Path) -> None:
    generate(ROOT, tmp_path / "again", CITIES)
    assert contents(tmp_path / "again") == contents(root)


def test_another_seed_writes_other_bytes(root: Path, tmp_path: Path) -> None:
    generate(ROOT, tmp_path / "other", CITIES, seed=2)
    assert contents(tmp_path / "other") != contents(root)


def test_copies_of_the_network_share_countries_and_nothing_else(tmp_path: Path) -> None:
    generate(ROOT, tmp_path / "two", 450)
    assert cities(tmp_path / "two") == 450
    files = sorted((tmp_path / "two" / "data").rglob("*.ttl"))
    assert [str(path.relative_to(tmp_path / "two" / "data")) for path in files] == [
        "cities/0000.ttl",
        "cities/0001.ttl",
        "network.ttl",
        "sources/0000.ttl",
        "sources/0001.ttl",
    ]


def test_a_folder_that_is_there_is_left_alone(root: Path) -> None:
    before = contents(root)
    with pytest.raises(SystemExit) as told:
        command(["--cities", "3", str(root)])
    assert told.value.code == 2
    assert contents(root) == before


@pytest.mark.parametrize("question", questions.QUESTIONS, ids=lambda question: question.name)
def test_every_question_has_an_answer(question: questions.Question, dataset: Dataset) -> None:
    store = dataset.store
    texts = questions.texts(question, store)
    assert 1 <= len(texts) <= questions.MOST
    assert len(set(texts)) == len(texts)
    assert any(len(list(store.query(text))) for text in texts)  # type: ignore[arg-type]


def test_every_question_is_a_file_and_every_file_a_question() -> None:
    assert {path.stem for path in questions.FOLDER.iterdir()} == {question.name for question in questions.QUESTIONS}


def reply(*rows: dict[str, tuple[str, str]]) -> bytes:
    bindings = [
        {name: {"type": "uri" if kind == "uri" else "literal", "value": value}
         | ({} if kind in ("uri", "") else {"datatype": answers.XSD + kind})
         for name, (kind, value) in row.items()} for row in rows
    ]  # fmt: skip
    return json.dumps({"head": {"vars": []}, "results": {"bindings": bindings}}).encode()


JSON = "application/sparql-results+json"
RIGHT = answers.read(JSON, reply({"n": ("integer", "3")}, {"n": ("integer", "4")}))


def test_order_and_spelling_make_no_difference() -> None:
    other = answers.read(JSON, reply({"n": ("decimal", "4.0")}, {"n": ("integer", "03")}))
    assert answers.agreed({"ours": RIGHT, "virtuoso": other})[1] == {}


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([{"n": ("integer", "3")}], "1 missing, 0 too many"),
        ([{"n": ("integer", "3")}, {"n": ("integer", "5")}], "1 missing, 1 too many"),
        ([{"n": ("integer", "3")}, {"n": ("integer", "4")}, {"n": ("integer", "4")}], "0 missing, 1 too many"),
    ],
)
def test_a_wrong_answer_is_found(rows: list[dict[str, tuple[str, str]]], told: str) -> None:
    wrong = answers.read(JSON, reply(*rows))
    found = {"virtuoso": wrong, "ours": RIGHT, "rdflib-endpoint": RIGHT}
    assert list(answers.agreed(found)[1]) == ["virtuoso"]
    assert answers.agreed(found)[1]["virtuoso"].startswith(told)


def test_peers_of_one_engine_have_one_voice() -> None:
    wrong = answers.read(JSON, reply({"n": ("integer", "5")}))
    found = {"ours": wrong, "oxigraph": wrong, "virtuoso": RIGHT, "rdflib-endpoint": RIGHT}
    assert set(answers.agreed(found)[1]) == {"ours", "oxigraph"}


def test_an_error_in_the_place_of_an_answer_is_unreadable() -> None:
    for media_type, body in [(JSON, b'{"error": "no"}'), ("text/html", b"<p>no</p>"), ("text/turtle", b"<s> <p> ")]:
        with pytest.raises(answers.Unreadable):
            answers.read(media_type, body)


def test_triples_are_compared_whatever_their_format() -> None:
    first = answers.read("application/n-triples", b'<s:s> <p:p> "a"@en .\n<s:s> <p:p> _:x .\n')
    second = answers.read("text/turtle; charset=utf-8", b'<s:s> <p:p> [] , "a"@en .\n')
    assert answers.difference(first, second) == ""


def test_an_answer_of_our_engine_is_read_as_its_rows() -> None:
    store = Store()
    store.update('INSERT DATA { <s:s> <p:p> 1 , 1.5 , "a" , "a"@en }')
    found = store.query("SELECT ?o { ?s ?p ?o }")
    assert isinstance(found, QuerySolutions)
    body = found.serialize(format=QueryResultsFormat.JSON)
    assert body is not None
    assert answers.read(JSON, body).total() == 4


def test_what_is_not_installed_is_left_out_with_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.peers.program", lambda name: None)
    assert missing("virtuoso", 1) == "virtuoso-t and isql-vt not installed"
    assert missing("rdflib-endpoint", 10) == "rdflib-endpoint not installed"
    assert missing("ours", 1) == ""


def test_comunica_is_found_where_npm_put_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert "npm install" in comunica.find(tmp_path)
    programs = tmp_path / "node_modules" / ".bin"
    programs.mkdir(parents=True)
    (programs / comunica.SERVER).touch(0o755)
    assert comunica.find(tmp_path) == ""
    assert program(comunica.SERVER) == str(programs / comunica.SERVER)


@pytest.mark.skipif(program("node") is None, reason="node is not installed, so Comunica cannot be a peer")
def test_a_server_of_node_is_kept_on_loopback() -> None:
    script = "const s = require('net').createServer().listen(0, () => { console.log(s.address().address); s.close() })"
    assert said(str(program("node")), "--require", str(comunica.LOOPBACK), "-e", script) == "127.0.0.1\n"


def test_a_server_that_ends_at_once_is_told_with_its_words(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit('no data')"]
    with (
        pytest.raises(RuntimeError, match=r"^ended: no data"),
        process(command, tmp_path) as running,
    ):
        wait(running, 1, "/", tmp_path)


def test_wrong_options_are_refused() -> None:
    wrong = ["--peers nobody", "--seconds 9999", "--connections 0", "--cities 3", "--comunica /nowhere"]
    for options in map(str.split, wrong):
        with pytest.raises(SystemExit):
            bench(options)


def test_a_reply_that_never_ends_is_given_up_in_time() -> None:
    class Endless(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            with suppress(ConnectionError):
                while True:
                    self.wfile.write(b"x" * (1 << 16))

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Endless) as server, subprocess.Popen(["true"]) as process:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        peer = Peer("endless", "1", "", process, server.server_port, "/", 0.0)
        with pytest.raises(TimeoutError, match="does not end"):
            peer.ask("ASK {}", "*/*", 0.5)
        server.shutdown()


def test_data_prepared_for_another_size_are_not_taken(tmp_path: Path) -> None:
    (tmp_path / "cities").write_text("4000", "utf-8")
    with pytest.raises(SystemExit, match="prepared for 4000 cities; name another folder"):
        bench(["--cities", "40000", "--folder", str(tmp_path)])


def test_a_wrong_answer_has_no_ratio() -> None:
    quick, slow = load.Measured(100.0, 1.0, 2.0, 0), load.Measured(10.0, 1.0, 2.0, 0)
    peer = {"version": "1", "settings": "", "loaded": 1.0, "before": (1.0, 1.0), "after": (1.0, 1.0)}
    run = Run("A network", 1, [], [peer | {"name": name} for name in ("ours", "oxigraph", "virtuoso")])
    for fresh in (True, False):
        run.figures += [
            Figure("as-of-day", "aggregate", fresh, "ours", quick),
            Figure("as-of-day", "aggregate", fresh, "oxigraph", slow),
            Figure("as-of-day", "aggregate", fresh, "virtuoso", quick, wrong="1 missing"),
        ]
    report = "\n".join(lines(run))
    assert "| 10 (met, 0.7) | – | 10 |" in report
    assert "≠ as-of-day, virtuoso: 1 missing" in report
    assert {goal("lookup", True, name) for name in STARTERS if name != "ours"} == {0.3, 2.0, 5.0, 25.0}


def test_the_load_of_python_reads_lengths_and_chunks() -> None:
    replies = [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    ]
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                for text in replies:
                    asked.append(connection.recv(65536))
                    connection.sendall(text)
            listener.close()

        thread = threading.Thread(target=serve)
        thread.start()
        wanted = load.Load(listener.getsockname()[1], ("/q?query=a",), "text/turtle", True, 1, 0.5)
        times, failed, _ = load.share(wanted, 1, 0)
        thread.join(10)
    assert len(times) == 2
    assert failed >= 1
    assert len({request.partition(b" HTTP")[0] for request in asked}) == len(replies)
