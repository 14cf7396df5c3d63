"""Checkpoints made to do harm: each is refused in one line by whoever reads it.

Each file that runs something would leave a canary behind, and does where it is let in.
"""

import os
import pickle
import subprocess
import sys
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from lzp.engine.export_cli import main as export_main
from lzp.engine.model import ModelError, load_evaluator
from lzp.net import CheckpointError, load_network
from lzp.train.config import ConfigError
from lzp.train.run import run_training
from tests.data.makers import random_records, store_of
from tests.train.runs import small_run

CANARY = "canary"
Change = Callable[[dict[str, Any]], None]


class Call:
    """Pickles as a call of a function."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[Any, ...]:
        return self.call


def shell() -> Call:
    return Call(os.system, f"touch {CANARY}")


def execute() -> Call:
    return Call(exec, f"open({CANARY!r}, 'w').close()")


def deep(depth: int) -> list[Any]:
    nested: list[Any] = []
    for _ in range(depth):
        nested = [nested]
    return nested


def endless() -> list[Any]:
    itself: list[Any] = []
    itself.append(itself)
    return itself


def many_faced() -> list[Any]:
    """A list of 2^200 lists, of which only 200 are different."""
    nested: list[Any] = []
    for _ in range(200):
        nested = [nested, nested]
    return nested


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return store_of(tmp_path_factory.mktemp("games"), random_records(60)).path


@pytest.fixture(scope="module")
def good(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of a real run."""
    folder = tmp_path_factory.mktemp("run")
    changes = ("trainer.max_steps=4", "trainer.limit_val_batches=0", "logger={}")
    run_training(small_run(store, folder, *changes))
    return folder / "last.ckpt"


@pytest.fixture
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refusals(path: Path, store: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What each reader says of a file: training, the reader of networks, playing, export."""
    said = []
    readers: list[Callable[[], Any]] = [
        lambda: run_training(small_run(store, Path("again"), f"resume={path}")),
        lambda: load_network(path),
        lambda: load_evaluator(path, batch_size=1, threads=1),
    ]
    for read in readers:
        with pytest.raises((ConfigError, CheckpointError, ModelError)) as caught:
            read()
        said.append(str(caught.value))
    capsys.readouterr()
    assert export_main([str(path), "out.onnx"]) == 2
    progress, _, complaint = capsys.readouterr().err.partition("lzp-export: ")
    assert progress == f"reading {path} ...\n"
    said.append(complaint.removesuffix("\n"))
    assert not Path("out.onnx").exists()
    assert not Path("again").exists()
    return said


def check_refused(
    path: Path, message: str, store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for line in refusals(path, store, capsys):
        assert line.startswith(f"{path}: ")
        assert message in line
        assert "\n" not in line
    assert not Path(CANARY).exists()


def put(value: Callable[[], Any], *keys: Any) -> Change:
    def change(checkpoint: dict[str, Any]) -> None:
        at: Any = checkpoint
        for key in keys[:-1]:
            at = at[key]
        at[keys[-1]] = value()

    return change


def hang_on(checkpoint: dict[str, Any]) -> None:
    weights = OrderedDict(checkpoint["state_dict"])
    weights.__dict__["get"] = "shadow"
    checkpoint["state_dict"] = weights


CODE = "a checkpoint may hold data, no code"
WEIGHT = "net.policy.dense.weight"
PICKLED: list[tuple[str, Change, str]] = [
    ("os.system as a weight", put(shell, "state_dict", WEIGHT), CODE),
    ("exec as a parameter", put(execute, "hyper_parameters", "network"), CODE),
    ("os.system in the optimizer", put(shell, "optimizer_states", 0, "state", 0), CODE),
    ("exec in a callback", put(execute, "callbacks", "ModelCheckpoint"), CODE),
    ("a class in a callback", put(lambda: subprocess.Popen, "callbacks", "x"), CODE),
    ("a whole module", put(lambda: torch.nn.Linear(1, 1), "model"), CODE),
    ("hparams_type, a class", put(lambda: OrderedDict, "hparams_type"), "hparams_type: a type"),
    ("hparams_type, a name", put(lambda: "os.system", "hparams_type"), "hparams_type: 'os.system'"),
    (
        "an instantiator, which Lightning imports and calls",
        put(lambda: "os.system", "hyper_parameters", "_instantiator"),
        "hyper_parameters._instantiator: 'os.system', but a checkpoint may name no code",
    ),
    (
        "an allowed instantiator",
        put(
            lambda: "pytorch_lightning.cli.instantiate_module", "hyper_parameters", "_instantiator"
        ),
        "may name no code",
    ),
    (
        "a target",
        put(
            lambda: {"_target_": "os.system", "command": f"touch {CANARY}"}, "hyper_parameters", "x"
        ),
        "hyper_parameters.x._target_: 'os.system' is not one of lzp., torch.optim., ",
    ),
    (
        "a target far down",
        put(lambda: [{"y": ({"_target_": "builtins.exec"},)}], "callbacks", "x"),
        "callbacks.x[0].y[0]._target_: 'builtins.exec' is not one of",
    ),
    (
        "a class path",
        put(lambda: {"class_path": "subprocess.Popen"}, "callbacks", "x"),
        "callbacks.x.class_path: 'subprocess.Popen' is not one of",
    ),
    ("depth", put(lambda: deep(300), "hyper_parameters", "x"), "nested too deep"),
    ("an endless list", put(endless, "hyper_parameters", "x"), "nested too deep"),
    ("shared lists", put(many_faced, "callbacks", "x"), "nested too deep"),
    ("a shadowed method", hang_on, "state_dict: a dict with the attribute get"),
    ("a set", put(lambda: {1}, "callbacks", "x"), CODE),
    ("a complex number", put(lambda: 1j, "callbacks", "x"), CODE),
    (
        "a huge tensor of one number",
        put(lambda: torch.zeros(1).expand(10**6, 10**6), "optimizer_states", 0, "state", 0),
        "optimizer_states[0].state.0: holds fewer numbers than its shape says",
    ),
    (
        "a sparse tensor",
        put(lambda: torch.zeros(3).to_sparse(), "state_dict", WEIGHT),
        CODE,
    ),
    ("a meta tensor", put(lambda: torch.zeros(3, device="meta"), "x"), CODE),
]


@pytest.mark.parametrize(
    ("change", "message"), [case[1:] for case in PICKLED], ids=[case[0] for case in PICKLED]
)
def test_a_checkpoint_with_code_or_worse_is_refused(
    change: Change,
    message: str,
    good: Path,
    store: Path,
    in_folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    checkpoint = torch.load(good, weights_only=True)
    change(checkpoint)
    torch.save(checkpoint, "evil.ckpt")
    check_refused(Path("evil.ckpt"), message, store, capsys)


def test_the_payloads_work_where_they_are_let_in(in_folder: Path) -> None:
    for payload in (shell(), execute()):
        pickle.loads(pickle.dumps(payload))
        assert Path(CANARY).exists()
        Path(CANARY).unlink()


def entries_of(good: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(good) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write_entries(entries: dict[str, bytes], packing: int = zipfile.ZIP_STORED) -> None:
    with zipfile.ZipFile("evil.ckpt", "w", packing) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)


def leave(entries: dict[str, bytes]) -> None:
    write_entries({**entries, "archive/../../canary": b"x"})


def leave_the_root(entries: dict[str, bytes]) -> None:
    write_entries({**entries, "/canary": b"x"})


def pack(entries: dict[str, bytes]) -> None:
    write_entries({**entries, "archive/data/0": bytes(1 << 26)}, zipfile.ZIP_DEFLATED)


def declare_more(entries: dict[str, bytes]) -> None:
    """Two sizes of 3 GB in the directory at the file's end, which is all that is read."""
    write_entries(entries)
    data = Path("evil.ckpt").read_bytes()
    at = data.rindex(b"PK\x01\x02")
    huge = (3 << 30).to_bytes(4, "little")
    Path("evil.ckpt").write_bytes(data[: at + 20] + huge + huge + data[at + 28 :])


def name_twice(entries: dict[str, bytes]) -> None:
    write_entries(entries)
    twice = pytest.warns(UserWarning, match="Duplicate name")
    with zipfile.ZipFile("evil.ckpt", "a") as archive, twice:
        archive.writestr("archive/data.pkl", pickle.dumps(shell(), 2))


def declare_more_numbers(entries: dict[str, bytes]) -> None:
    """The first storage, of 8 * 18 * 9 numbers, says it has 10 million."""
    program = entries["archive/data.pkl"]
    size = b"M" + (8 * 18 * 9).to_bytes(2, "little")
    assert size in program
    huge = b"J" + (10**7).to_bytes(4, "little")
    write_entries({**entries, "archive/data.pkl": program.replace(size, huge)})


def by_computed_name(entries: dict[str, bytes]) -> None:
    """An import without its name in the instruction, as newer pickles have it."""
    write_entries({**entries, "archive/data.pkl": pickle.dumps(shell(), 4)})


def by_instance(entries: dict[str, bytes]) -> None:
    """The instruction INST of the oldest pickles: imports and calls."""
    program = f"(S'touch {CANARY}'\niposix\nsystem\n.".encode()
    assert pickle.loads(program) == 0
    Path(CANARY).unlink()
    write_entries({**entries, "archive/data.pkl": program})


def swap_program(entries: dict[str, bytes]) -> None:
    write_entries({**entries, "archive/data.pkl": pickle.dumps(shell(), 2)})


def old_format(entries: dict[str, bytes]) -> None:
    torch.save(shell(), "evil.ckpt", _use_new_zipfile_serialization=False)


def tar_format(entries: dict[str, bytes]) -> None:
    import tarfile

    Path("pickle").write_bytes(pickle.dumps(shell(), 2))
    with tarfile.open("evil.ckpt", "w") as archive:
        archive.add("pickle")


ARCHIVES: list[tuple[Callable[[dict[str, bytes]], None], str]] = [
    (leave, "an entry named 'archive/../../canary'"),
    (leave_the_root, "an entry named '/canary'"),
    (pack, "is packed"),
    (declare_more, "declares more data than there is"),
    (name_twice, "an archive with two faces"),
    (declare_more_numbers, "cut off or damaged checkpoint"),
    (by_computed_name, "a checkpoint may hold data, no code"),
    (by_instance, "a checkpoint may hold data, no code"),
    (swap_program, "refers to posix.system"),
]


@pytest.mark.parametrize(("make", "message"), ARCHIVES, ids=[case[0].__name__ for case in ARCHIVES])
def test_an_archive_that_torch_would_not_write_is_refused(
    make: Callable[[dict[str, bytes]], None],
    message: str,
    good: Path,
    store: Path,
    in_folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    make(entries_of(good))
    check_refused(Path("evil.ckpt"), message, store, capsys)


@pytest.mark.parametrize("make", [old_format, tar_format])
def test_formats_before_the_zip_file_are_refused(
    make: Callable[[dict[str, bytes]], None],
    good: Path,
    store: Path,
    in_folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    make({})
    for line in refusals(Path("evil.ckpt"), store, capsys):
        assert line.startswith("evil.ckpt: ")
        assert "\n" not in line
    assert not Path(CANARY).exists()


def test_the_untouched_checkpoint_is_read(good: Path, in_folder: Path) -> None:
    write_entries(entries_of(good))
    load_network(Path("evil.ckpt"))


@pytest.mark.slow
def test_the_engine_refuses_and_goes_on_without_running_anything(
    good: Path, in_folder: Path
) -> None:
    checkpoint = torch.load(good, weights_only=True)
    checkpoint["hyper_parameters"]["x"] = shell()
    torch.save(checkpoint, "evil.ckpt")
    command = [sys.executable, "-m", "lzp.engine.gtp.cli", "-w", "evil.ckpt"]
    done = subprocess.run(command, input="genmove b\nquit\n", capture_output=True, text=True)
    assert "evil.ckpt: not loaded, since it refers to posix.system" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert not Path(CANARY).exists()
