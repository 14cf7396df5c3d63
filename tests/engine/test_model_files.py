"""Which files load_evaluator takes, and what it says of all others."""

import subprocess
import sys
import zipfile
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from lzp.engine.evaluator import empty_planes
from lzp.engine.export import write_model
from lzp.engine.model import ModelError, load_evaluator
from lzp.engine.onnx_graph import build_model
from lzp.engine.run_options import RunOptions
from lzp.engine.torchscript_evaluator import without_jit_warnings
from tests.net.random_net import random_net, save_checkpoint
from tests.networks import random_weights

#: Nothing here is about kernels: once is enough.
pytestmark = pytest.mark.compiled

WEIGHTS = random_weights(side=5, blocks=1, filters=4, seed=1)
FORMS = ["txt", "txt.gz", "onnx", "pt", "ckpt"]


def write_any(path: Path) -> Path:
    """Write a small network in the form of the path's suffix."""
    if path.suffix == ".ckpt":
        save_checkpoint(random_net(side=5, blocks=1, filters=4), str(path))
    else:
        write_model(path, WEIGHTS)
    return path


def refusal(path: Path) -> str:
    """Return the one line with which a file is refused, without its name."""
    with pytest.raises(ModelError) as caught:
        load_evaluator(path, batch_size=4, threads=1)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message.removeprefix(f"{path}: ")


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_known_by_its_content(tmp_path: Path, form: str) -> None:
    path = write_any(tmp_path / f"net.{form}").rename(tmp_path / "a network")
    evaluator = load_evaluator(path, batch_size=4, threads=1)
    assert (evaluator.side, evaluator.name) == (5, "a network")
    policy, winrate = evaluator.evaluate(empty_planes(5, 3))
    assert policy.shape == (3, 26)
    assert winrate.shape == (3,)
    assert policy.dtype == winrate.dtype == np.float32


@pytest.mark.parametrize("form", FORMS)
def test_every_form_cut_off_is_refused(tmp_path: Path, form: str) -> None:
    path = write_any(tmp_path / f"net.{form}")
    whole = path.read_bytes()
    # Eight bytes may be missing from the last number of a text without anyone knowing.
    for size in (0, 1, 3, 10, len(whole) // 3, len(whole) - 30):
        path.write_bytes(whole[:size])
        refusal(path)


@pytest.mark.parametrize("form", FORMS)
def test_a_missing_file_is_refused(tmp_path: Path, form: str) -> None:
    assert refusal(tmp_path / f"none.{form}") == "no such file"


@pytest.mark.parametrize("form", FORMS)
def test_large_batches_are_split_without_a_trace(tmp_path: Path, form: str) -> None:
    path = write_any(tmp_path / f"net.{form}")
    planes = np.random.default_rng(2).integers(0, 2, (7, 18, 5, 5), dtype=np.uint8)
    planes.setflags(write=False)
    whole = load_evaluator(path, batch_size=7, threads=1).evaluate(planes)
    parts = load_evaluator(path, batch_size=3, threads=1).evaluate(planes)
    for ours, theirs in zip(whole, parts, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_a_folder_and_foreign_bytes_are_refused(tmp_path: Path) -> None:
    assert "directory" in refusal(tmp_path)
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"\xff\xd8\xff\xe0" + bytes(500))
    assert refusal(path).startswith("line 1: expected a version, 1 or 2, found")


def test_what_is_wrong_in_weights_keeps_its_line(tmp_path: Path) -> None:
    path = write_any(tmp_path / "net.txt")
    text = path.read_text().splitlines()
    for line, replacement, message in [
        (1, "3", "line 1: version 3, expected 1 or 2"),
        (3, "0 0 zero 0", "line 3: word 3 is not a number: 'zero'"),
        (4, "0 0 0", "line 4 (input mean): 3 numbers, expected 4"),
    ]:
        path.write_text("\n".join([*text[: line - 1], replacement, *text[line:]]))
        assert refusal(path) == message


def test_code_in_a_checkpoint_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "evil.ckpt"
    torch.save({"hyper_parameters": {"network": Path("x")}, "state_dict": {}}, path)
    assert "a checkpoint may hold data, no code" in refusal(path)


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        (None, "no side in lzp.json: not written by lzp-export"),
        ("[]", "no side in lzp.json: not written by lzp-export"),
        ('{"side": 1000000}', "lzp.json: side 1000000, expected 2 to 25"),
        ('{"side": 5}', "its program uses weight: not written by lzp-export"),
    ],
)
def test_torchscript_that_is_not_ours_is_refused(
    tmp_path: Path, metadata: str | None, message: str
) -> None:
    path = tmp_path / "net.pt"
    extra = {} if metadata is None else {"lzp.json": metadata.encode()}
    with without_jit_warnings():
        torch.jit.save(torch.jit.script(torch.nn.Linear(3, 2)), path, _extra_files=extra)
    assert refusal(path).startswith(message)


class SavesByName(torch.nn.Module):
    def forward(self, planes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        torch.save(planes, "canary")
        return planes, planes


class MapsAFile(torch.nn.Module):
    def forward(self, planes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return torch.from_file("canary", True, 8), planes


@pytest.mark.parametrize(
    ("module", "name"), [(SavesByName, "save"), (MapsAFile, "from_file")], ids=["save", "map"]
)
def test_torchscript_that_writes_files_is_refused(
    module: type[torch.nn.Module], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "evil.ckpt"
    with without_jit_warnings():
        evil = torch.jit.script(module())
        torch.jit.save(evil, path, _extra_files={"lzp.json": b'{"side": 5}'})
        assert refusal(path) == f"its program uses {name}: not written by lzp-export"
        assert not Path("canary").exists()
        torch.jit.load(path)(torch.zeros(8))  # proves that it does harm where it is let in
    assert Path("canary").exists()


def with_metadata(model: onnx.ModelProto) -> None:
    entries = {entry.key: entry.value for entry in model.metadata_props}
    helper.set_model_props(model, {**entries, "lzp.planes_version": "2"})


def with_external_data(model: onnx.ModelProto) -> None:
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")


def with_hidden_external_data(model: onnx.ModelProto) -> None:
    hidden = numpy_helper.from_array(np.zeros(1, np.float32), "hidden")
    hidden.ClearField("raw_data")
    hidden.data_location = TensorProto.EXTERNAL
    hidden.external_data.add(key="location", value="/etc/passwd")
    inner = helper.make_graph([helper.make_node("Constant", [], ["c"], value=hidden)], "g", [], [])
    model.graph.node.append(
        helper.make_node("If", ["x"], ["y"], then_branch=inner, else_branch=inner)
    )


def with_custom_operator(model: onnx.ModelProto) -> None:
    model.graph.node[1].domain = "com.example"


def with_function(model: onnx.ModelProto) -> None:
    model.functions.add(name="Evil", domain="com.example")


def with_fixed_batch(model: onnx.ModelProto) -> None:
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1


def with_huge_side(model: onnx.ModelProto) -> None:
    for dim in model.graph.input[0].type.tensor_type.shape.dim[2:]:
        dim.dim_value = 10**9


def with_float_planes(model: onnx.ModelProto) -> None:
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.FLOAT


def with_other_input(model: onnx.ModelProto) -> None:
    model.graph.input[0].name = "board"


def with_other_outputs(model: onnx.ModelProto) -> None:
    model.graph.output[1].name = "ownership"


def with_short_policy(model: onnx.ModelProto) -> None:
    model.graph.output[0].type.tensor_type.shape.dim[1].dim_value = 25


def with_wrong_tensor(model: onnx.ModelProto) -> None:
    model.graph.initializer[1].CopyFrom(
        numpy_helper.from_array(np.zeros(3, np.float32), model.graph.initializer[1].name)
    )


def with_false_size(model: onnx.ModelProto) -> None:
    model.graph.initializer[0].dims[0] = 10**12


def with_nan(model: onnx.ModelProto) -> None:
    tensor = next(t for t in model.graph.initializer if t.name == "value.dense.bias")
    tensor.CopyFrom(numpy_helper.from_array(np.full(1, np.nan, np.float32), tensor.name))


def without_softmax(model: onnx.ModelProto) -> None:
    next(node for node in model.graph.node if node.op_type == "Softmax").op_type = "LogSoftmax"


def without_tanh(model: onnx.ModelProto) -> None:
    node = next(node for node in model.graph.node if node.op_type == "Tanh")
    node.op_type = "Exp"
    tensor = next(t for t in model.graph.initializer if t.name == "value.dense.bias")
    tensor.CopyFrom(numpy_helper.from_array(np.full(1, 5, np.float32), tensor.name))


def without_graph(model: onnx.ModelProto) -> None:
    model.ClearField("graph")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (with_metadata, "metadata lzp.planes_version: '2', expected 1"),
        (with_external_data, "tensor input.weight lies in another file; expected one file"),
        (with_hidden_external_data, "tensor hidden lies in another file; expected one file"),
        (with_custom_operator, "uses the custom operator com.example.Conv"),
        (with_function, "defines the operator Evil; only standard operators are run"),
        (with_fixed_batch, "planes: uint8 [1, 18, 5, 5], expected uint8 [N, 18, 5, 5]"),
        (with_huge_side, "input planes: shape [N, 18, 1000000000, 1000000000], expected"),
        (with_float_planes, "planes: float32 [N, 18, 5, 5], expected uint8 [N, 18, 5, 5]"),
        (with_other_input, "inputs ['board'], expected one input 'planes'"),
        (with_other_outputs, "outputs ['ownership', 'policy'], expected 'policy' and 'value'"),
        (with_short_policy, "policy: float32 [N, 25], expected float32 [N, 26]"),
        (with_wrong_tensor, "cannot be run: "),
        (with_false_size, "cannot be run: "),
        (with_nan, "not a usable network: gives numbers that are not finite"),
        (without_softmax, "not a usable network: gives a policy that is no probability"),
        (without_tanh, "not a usable network: gives a value outside [-1, 1]"),
        (without_graph, "not an ONNX model, or cut off: no graph"),
    ],
)
def test_onnx_that_is_not_ours_is_refused(
    tmp_path: Path, change: Callable[[onnx.ModelProto], None], message: str
) -> None:
    model = build_model(WEIGHTS, "changed")
    change(model)
    (tmp_path / "net.onnx").write_bytes(model.SerializeToString())
    assert refusal(tmp_path / "net.onnx").startswith(message)


def test_a_checkpoint_without_torch_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_any(tmp_path / "last.ckpt")
    monkeypatch.setitem(sys.modules, "lzp.net", None)
    assert refusal(path).startswith("a checkpoint needs torch, which is not installed")


def test_a_zip_of_games_is_no_network(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "games.zip", "w") as archive:
        archive.writestr("1.sgf", "(;GM[1])")
    assert "damaged checkpoint" in refusal(tmp_path / "games.zip")


def test_without_a_path_the_shipped_network_is_loaded() -> None:
    path = Path(str(resources.files("lzp") / "networks" / "default.txt.gz"))
    if not path.exists():
        pytest.skip("no network ships yet")
    evaluator = load_evaluator(None, batch_size=1, threads=1)
    assert (evaluator.side, evaluator.name) == (19, "default.txt.gz")


def test_an_installation_without_a_network_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lzp.engine.network_file.SHIPPED_NETWORK", "other.txt.gz")
    with pytest.raises(ModelError, match=r"other\.txt\.gz: the shipped network is missing"):
        load_evaluator(None, batch_size=1, threads=1)


def test_playing_from_weights_imports_no_torch(tmp_path: Path) -> None:
    path = write_any(tmp_path / "net.txt.gz")
    program = (
        "import sys; from pathlib import Path; from lzp.engine.model import load_evaluator\n"
        f"load_evaluator(Path({str(path)!r}), batch_size=1, threads=1)\n"
        "print(sorted({'torch', 'hydra', 'pytorch_lightning', 'pyarrow'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")


@pytest.mark.parametrize("name", ["batch_size", "threads", "lanes"])
def test_counts_of_a_run_must_be_positive(name: str) -> None:
    numbers = {"batch_size": 1, "threads": 1, "lanes": 1, name: 0}
    with pytest.raises(ValueError, match=rf"{name}: 0, expected 1 or more"):
        RunOptions(**numbers)  # type: ignore[arg-type]


def test_onnx_files_carry_what_they_are() -> None:
    model = build_model(random_weights(side=9, blocks=2, filters=6), "best.onnx")
    assert {entry.key: entry.value for entry in model.metadata_props} == {
        "lzp.name": "best.onnx",
        "lzp.side": "9",
        "lzp.blocks": "2",
        "lzp.filters": "6",
        "lzp.planes_version": "1",
    }
