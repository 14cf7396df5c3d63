"""loadsgf with records that are broken in every way, and with names that are no records'."""

import os
import random
import time

import pytest
from sgfmill import sgf

from tests.engine.gtp_dialogue import Dialogue
from tests.engine.gtp_model import Model, differences
from tests.networks import write_random_network

pytestmark = pytest.mark.compiled

SIDE = 9
#: Of processor time of this process, in seconds.
HANG_S = 1.0
PIECES = [
    b"(", b")", b";", b"[", b"]", b"\\", b"()", b"(;", b"]]", b"[]", b"B[tt]", b"W[]", b";B[aa]",
    b"SZ[19]", b"SZ[9:9]", b"SZ[1e9]", b"SZ[-9]", b"SZ[99999999999]", b"GM[2]", b"KM[nan]",
    b"KM[1e999]", b"KM[0,5]", b"HA[400]", b"HA[-1]", b"AB[aa:ii]", b"AE[ee]", b"AW[aa][bb:cc]",
    b"AB[zz]", b"PL[X]", b"CA[UTF-16]", b"CA[idna]", b"CA[hex]", b"CA[zip]", b"CA[GB18030]",
    b"C[\\]", b"RE[W+\xff]", b"\xff\xfe", b"\x00", b"\xef\xbb\xbf", b"AB", b"b[ee]", b"Black[dd]",
    b"KO[]", b"MN[-1]", b"N[" + b"x" * 3000 + b"]", b"VW[]", b"FF[99]",
]  # fmt: skip


@pytest.fixture(scope="module")
def flags(tmp_path_factory):
    path = tmp_path_factory.mktemp("network") / "r9.txt"
    return {
        "weights": write_random_network(path, side=SIDE), "quiet": True, "visits": 4,
        "backend": "onnxruntime", "precision": "float32", "memory_mib": 64,
    }  # fmt: skip


@pytest.fixture
def dialogue(flags):
    dialogue = Dialogue(**flags)
    yield dialogue
    dialogue.close()


def sound_records(chance):
    """Records as programs write them: moves, handicap, comments, variations, alphabets."""
    model = Model(SIDE, 6.5)
    if chance.random() < 0.4:
        model.set_up({(2, 2): "b", (6, 6): "b"}, "w", 2)
    for ply in range(chance.randrange(60)):
        point = (chance.randrange(SIDE), chance.randrange(SIDE))
        model.play("bw"[ply % 2], point if chance.random() < 0.97 else None)
    game = sgf.Sgf_game.from_bytes(model.as_sgf())
    root = game.get_root()
    alphabet = chance.choice(["utf-8", "gb18030", "shift_jis", "latin-1"])
    root.set_raw("PB", "\u56f2\u7881".encode(alphabet, "replace").replace(b"]", b"\\]"))
    root.set_raw("C", "a [link\\] and : more".encode(alphabet))
    for node in game.get_main_sequence()[:-1]:
        if chance.random() < 0.1:
            node.new_child().set_move("b", (0, 0))
    text = game.serialise()
    return text.decode("latin-1").encode("utf-16") if chance.random() < 0.05 else text


def broken(text, chance):
    """A record with a few changes of any kind."""
    content = bytearray(text)
    for _ in range(chance.randrange(1, 4)):
        place, length = chance.randrange(len(content) + 1), chance.randrange(1, 12)
        match chance.choice(["piece"] * 3 + ["cut", "byte", "byte", "copy", "over", "end"]):
            case "piece":
                content[place:place] = chance.choice(PIECES)
            case "cut":
                del content[place : place + length]
            case "byte":
                content[place : place + 1] = bytes([chance.randrange(256)])
            case "copy":
                content[place:place] = content[place // 2 : place // 2 + length]
            case "over":
                content[place : place + length] = chance.choice(PIECES)
            case "end":
                del content[place:]
    return bytes(content)


def position_of(text):
    """Where sgfmill's strict reader and its board end up; None if they do not get there."""
    try:
        game = sgf.Sgf_game.from_bytes(text)
        nodes = game.get_main_sequence()
        if game.get_size() != SIDE or any(node.has_setup_stones() for node in nodes[1:]):
            return None
        if any(node.has_property("B") and node.has_property("W") for node in nodes):
            return None  # no SGF: sgfmill takes one of the two moves, we take both
        model = Model(SIDE, game.get_komi())
        black, white, empty = nodes[0].get_setup_stones()
        moves = [
            node.get_move() for node in nodes if node.has_property("B") or node.has_property("W")
        ]
        if not moves or black or white or empty or any(color is None for color, _ in moves):
            return None
    except Exception:  # whatever the broken text does to sgfmill
        return None
    return model if all(model.play(*move) for move in moves) else None


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_broken_records_are_refused_or_loaded_and_spoil_nothing(dialogue, tmp_path, seed):
    chance, path, loaded, compared = random.Random(seed), tmp_path / "game.sgf", 0, 0
    for _ in range(1000):
        text = broken(sound_records(chance), chance)
        path.write_bytes(text)
        before = dialogue.ask("showboard")
        reply = dialogue.ask(f"loadsgf {path}")
        after = dialogue.ask("showboard")
        assert reply == "= " or (reply.startswith("? cannot load file: ") and "\n" not in reply)
        assert after.startswith("= ")
        if reply != "= ":
            assert after == before, text
            continue
        loaded += 1
        model = position_of(text)
        if model is not None:
            compared += 1
            shown = [line for line in differences(model, after) if "komi" not in line]
            assert shown == [], text
    assert loaded > 100
    assert compared > 20
    assert dialogue.slowest_s < HANG_S


HUGE = {
    "deep": b"(;SZ[9]" + b"(;B[]" * 50_000 + b")" * 50_001,
    "deep and open": b"(;SZ[9]" + b"(;B[]" * 50_000,
    "brackets": b"(" * 2_000_000,
    "wide": b"(;SZ[9];B[aa]" + b"(;W[bb])" * 50_000 + b")",
    "long": b"(;SZ[9]" + b";B[]" * 100_000 + b")",
    "a long comment": b"(;SZ[9]C[" + b"x" * 5_000_000 + b"];B[aa])",
    "escapes": b"(;SZ[9]C[" + b"\\" * 1_000_000 + b"]",
    "stones": b"(;SZ[9]AB" + b"[aa:ii]" * 50_000 + b";B[aa])",
    "a long name": b"(;" + b"A" * 1_000_000 + b"[x];B[aa])",
    "zeros": bytes(20_000_000),
}


@pytest.mark.parametrize("name", HUGE)
def test_huge_records_are_answered(dialogue, tmp_path, name):
    path = tmp_path / "huge.sgf"
    path.write_bytes(HUGE[name])
    started = time.process_time()
    reply = dialogue.ask(f"loadsgf {path}")
    assert time.process_time() - started < 3 * HANG_S
    assert len(reply) < 1000
    assert reply == "= " or reply.startswith("? cannot load file: ")


def test_only_the_beginning_of_a_huge_file_is_read(dialogue, tmp_path):
    path = tmp_path / "collection.sgf"
    with path.open("wb") as file:
        file.write(b"(;SZ[9];B[ee])\n" * 10)
        file.truncate(1 << 34)  # a hole: takes no room
    assert dialogue.ask(f"loadsgf {path}") == "= "
    assert dialogue.ask("last_move") == "= black E5"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("/dev/zero", "not a file"),
        ("pipe", "not a file"),
        ("/", "Is a directory"),
        ("", "Is a directory"),
        ("x" * 300, "File name too long"),
        ("x/" * 3000 + " 7", "File name too long"),
        ("loop", "Too many levels of symbolic links"),
        ("../../../../../../nowhere/../x.sgf", "No such file or directory"),
        ("%s%n%x", "No such file or directory"),
        ("$(touch hacked)", "No such file or directory"),
        ("~/none.sgf", "No such file or directory"),
        ("\u56f2\u7881.sgf", "No such file or directory"),
    ],
)
def test_names_that_are_no_records(dialogue, tmp_path, monkeypatch, name, reason):
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    os.symlink("loop", "loop")
    reply = dialogue.ask(f"loadsgf {name or '.'}")
    assert reply.startswith("? cannot load file: ")
    assert reply.endswith(reason)
    assert sorted(os.listdir()) == ["loop", "pipe"]


@pytest.mark.parametrize("name", ["pipe", "device", ".", "..", "/", "nowhere/x.sgf"])
def test_a_record_is_not_written_over_what_is_no_file(dialogue, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    os.symlink("/dev/null", "device")
    assert dialogue.ask(f"printsgf {name}").startswith(f"? cannot write {name}: ")
    assert sorted(os.listdir()) == ["device", "pipe"]
    assert os.path.islink("device")
