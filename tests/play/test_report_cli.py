"""lzp-report as people call it: the page, the picture, the figures, and bad input."""

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

from lzp.play import report_cli
from tests.data.makers import random_game, random_records, sgf_of, store_of, write_records
from tests.networks import write_random_network
from tests.play.test_report_runs import write_run

pytestmark = pytest.mark.compiled

VOID = {"meta", "br"}
LOG = (
    "step,train/policy_loss,val/policy_loss,val/policy_top1,lr-SGD\n9,3,4,0.1,0.2\n19,2,3,0.2,0.1\n"
)
HOSTILE = "<script>alert(1)</script>&'\"$x_{"


class Page(HTMLParser):
    """Reads a page, and checks that every element is closed in its turn."""

    def __init__(self, text):
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)

    @property
    def text(self):
        return " ".join("".join(self.texts).split())


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    return write_random_network(tmp_path_factory.mktemp("net") / "net.txt", side=9)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return store_of(tmp_path_factory.mktemp("store"), random_records(12, 9)).path


def run(*words):
    """Return the exit code of the command, 0 if it returns."""
    try:
        report_cli.main([str(word) for word in words])
    except SystemExit as stop:
        return stop.code
    return 0


def test_a_page_of_a_network_needs_nothing_but_itself(network, store, tmp_path, capsys):
    words = [network, "--store", store, "--split", "all", "--hardest", 3]
    page, figures = tmp_path / "report.html", tmp_path / "report.json"
    assert run(*words, "-o", page, "--json", figures) == 0
    text = page.read_text(encoding="utf-8")
    read = Page(text)
    assert "http" not in text
    assert not {"script", "link", "img", "iframe", "object", "base"} & set(read.tags)
    assert not {"src", "href", "xlink:href", "style"} & {name for name, _ in read.attributes}
    assert "url(" not in text
    assert "@import" not in text
    plain = json.loads(figures.read_text())
    total = plain["findings"]["total"]
    assert f"{100 * total['policy_top5']['mean']:.1f}%" in read.text
    assert f"{total['policy_nats']['mean']:.3f}" in read.text
    assert len(plain["surprising_moves"]) == len(plain["wrong_values"]) == 3
    assert read.text.count("to play, move") == 6
    assert plain["facts"]["shape"] == "1 blocks, 8 filters"
    assert capsys.readouterr().out == ""


def test_names_from_outside_are_text_and_nothing_else(store, tmp_path):
    hostile = tmp_path / HOSTILE.replace("/", "-")
    hostile.mkdir()
    network = write_random_network(hostile / "<b>net.txt", side=9)
    write_run(hostile, "data: {batch_size: 64}", v0=LOG)
    other = write_run(tmp_path / "<i>b", "", v0=LOG.replace("SGD", "<u>"))
    from lzp.data import ConvertOptions, convert

    records = write_records(tmp_path / "<script>x.sgf", [sgf_of(random_game(1, plies=60))])
    convert([records], tmp_path / "<em>.lzps", ConvertOptions(sides=(9,), min_moves=1), workers=1)
    page = tmp_path / "page.html"
    words = [network, "--store", tmp_path / "<em>.lzps", "--store", store, "--run", other]
    assert run(*words, "--split", "all", "-o", page) == 0
    read = Page(page.read_text(encoding="utf-8"))
    assert not {"script", "em", "u"} & set(read.tags)
    for name in ("<b>net.txt", "<script>x.sgf", "<i>b", "<em>.lzps"):
        assert name in read.text
    assert run(*words, "--split", "all", "-o", tmp_path / "page.png") == 0


@pytest.mark.slow
def test_a_real_run_brings_its_store_and_its_curves(store, tmp_path, capsys):
    from lzp.train.run import run_training
    from tests.train.runs import small_run

    folder = tmp_path / "real"
    run_training(small_run(store, folder, "data.games.val_fraction=0.5"))
    capsys.readouterr()
    figures = tmp_path / "f.json"
    assert run(folder, "-o", tmp_path / "r.html", "--json", figures) == 0
    plain = json.loads(figures.read_text())
    (own,) = plain["runs"]
    assert own["samples_per_step"] == 32
    assert own["curves"]["val/policy_loss"]["steps"] == [6, 12]
    assert own["curves"]["train/policy_loss"]["steps"] == list(range(1, 13))
    assert plain["facts"]["form"] == "checkpoint"
    assert plain["facts"]["stores"] == str(store)
    assert plain["facts"]["trained"] in ("6 steps, 192 samples", "12 steps, 384 samples")
    read = Page((tmp_path / "r.html").read_text())
    assert "learning rate" in read.text
    assert "real/best.ckpt" in read.text


def test_runs_are_compared_without_a_measurement(network, tmp_path):
    runs = [write_run(tmp_path / name, "data: {batch_size: 8}", v0=LOG) for name in "ab"]
    words = [network, "--run", runs[0], "--run", runs[1], "--positions", 0]
    assert run(*words, "-o", tmp_path / "c.html", "--json", tmp_path / "c.json") == 0
    read = Page((tmp_path / "c.html").read_text())
    assert "top-5" not in read.text
    assert "160" in read.text  # samples: 20 steps of 8
    assert json.loads((tmp_path / "c.json").read_text())["findings"] is None
    assert run(*words, "-o", tmp_path / "c.png") == 0
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")
    assert {path.name for path in tmp_path.iterdir()} == {"a", "b", "c.html", "c.json", "c.png"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["missing.txt"], "missing.txt: no such file"),
        (["."], ".: a folder without best.ckpt or last.ckpt"),
        (["NET"], "name a game store (--store)"),
        (["NET", "--store", "no.lzps"], "no.lzps: no such game store"),
        (["default", "--store", "STORE"], "holds 9x9 games, default.txt.gz is for 19x19"),
        (["NET", "--store", "STORE", "--split", "test"], "no games in the test split"),
        (["NET", "--store", "STORE", "--run", "no"], "no: no such folder"),
        (["NET", "--store", "STORE", "--run", "."], ".: no log of a run"),
        (["NET", "--store", "STORE", "--positions", "-1"], "whole number of 0 or more"),
        (["NET", "--store", "STORE", "--threads", "0"], "threads"),
        (["NET", "--store", "STORE", "-o", "x.pdf"], "x.pdf: a report is .html or .png"),
        (["NET", "--store", "STORE", "-o", "no/x.html"], "no/x.html: no such folder: no"),
        (["NET", "--store", "STORE", "--json", "no/x.json"], "no/x.json: no such folder: no"),
        (["NET", "--positions", "0"], "nothing to report"),
    ],
)
def test_bad_input_is_one_line_and_code_2(
    network, store, tmp_path, monkeypatch, capsys, words, message
):
    monkeypatch.chdir(tmp_path)
    given = [{"NET": network, "STORE": store}.get(word, word) for word in words]
    assert run("-o", "x.html", *given) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert list(Path().iterdir()) == []
