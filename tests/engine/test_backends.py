"""The backends: each answers as ONNX Runtime does, and says why where it cannot."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import numpy_helper

from lzp.engine import cuda_evaluator, gpu
from lzp.engine.agreement import Tally
from lzp.engine.backends import BACKENDS, find_backend, why_unusable
from lzp.engine.cuda_evaluator import BoundEvaluator, batch_sizes, preload_cuda, tensorrt_options
from lzp.engine.evaluator import Evaluator
from lzp.engine.export import write_model
from lzp.engine.export_check import run_weights
from lzp.engine.half_graph import to_half
from lzp.engine.model import ModelError, load_evaluator, open_evaluators, open_network
from lzp.engine.network_file import NetworkFile
from lzp.engine.onnx_graph import build_model
from lzp.engine.onnxruntime_session import CPU_PROVIDER, open_session
from lzp.engine.openvino_evaluator import openvino_precisions
from lzp.engine.played_graph import played_graph
from lzp.engine.quantized_graph import quantizable, quantize
from lzp.engine.run_options import RunOptions
from lzp.engine.sample_positions import play_games
from lzp.features import encode
from lzp.go import Game
from lzp.weights import LeelaWeights
from tests.net.random_net import random_nested_net, save_checkpoint
from tests.networks import random_weights

pytestmark = pytest.mark.compiled

ON_CPU = [name for name, backend in BACKENDS.items() if backend.device == "cpu"]


def usable(name: str, file: NetworkFile) -> str:
    """Return a backend's name, or skip what this installation lacks."""
    if reason := why_unusable(BACKENDS[name], file):
        pytest.skip(reason)
    return name


def open_lanes(name: str, file: NetworkFile, **options: int | str) -> list[Evaluator]:
    backend = BACKENDS[usable(name, file)]
    told = {"batch_size": 8, "threads": 1, **options}
    return list(open_evaluators(file, backend, RunOptions(**told)))  # type: ignore[arg-type]


def positions(side: int, count: int) -> np.ndarray:
    """Return planes of random games of 0, 5, 10, ... plies; uint8 [count, 18, side, side]."""
    rng, games = np.random.default_rng(3), []
    for number in range(count):
        game = Game(side)
        for _ in range(5 * number):
            game.play(int(rng.choice(game.legal_moves())))
            if game.is_over:
                break
        games.append(game)
    return encode(np.concatenate([game.boards for game in games]))


@pytest.fixture(scope="module", params=[1, 2], ids=["version1", "version2"])
def network(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> NetworkFile:
    path = tmp_path_factory.mktemp("network") / "net.txt"
    write_model(path, random_weights(side=9, blocks=2, filters=8, seed=4, version=request.param))
    return open_network(path)


@pytest.mark.parametrize("name", ON_CPU)
def test_every_backend_computes_what_the_format_says(name: str, network: NetworkFile) -> None:
    planes = positions(9, 11)
    assert isinstance(network.network, LeelaWeights)
    policy, value = run_weights(network.network, planes)
    for evaluator in open_lanes(name, network, lanes=2):  # 11 are more than a batch
        ours = evaluator.evaluate(planes)
        np.testing.assert_allclose(ours[0], policy, atol=1e-5)
        np.testing.assert_allclose(ours[1], (1 + value) / 2, atol=1e-5)
        assert ours[0].dtype == ours[1].dtype == np.float32


@pytest.mark.parametrize("name", ON_CPU)
def test_an_answer_is_not_changed_by_the_next_one(name: str, network: NetworkFile) -> None:
    (evaluator,) = open_lanes(name, network)
    planes = positions(9, 8)
    planes.setflags(write=False)
    first = evaluator.evaluate(planes[:4])
    kept = first[0].copy(), first[1].copy()
    evaluator.evaluate(planes[4:])
    np.testing.assert_array_equal(first[0], kept[0])
    np.testing.assert_array_equal(first[1], kept[1])


def test_a_program_of_torch_runs_on_torch_alone(tmp_path: Path) -> None:
    path = tmp_path / "net.pt"
    write_model(path, random_weights(side=5, blocks=1, filters=4))
    file = open_network(path)
    for name, backend in BACKENDS.items():
        if name == "torchscript":
            assert backend.refusal(file) is None
        else:
            assert backend.refusal(file) == "TorchScript files run on torchscript alone"


def test_an_unknown_backend_is_named_with_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"backend 'abacus', expected one of onnxruntime, "):
        find_backend("abacus")


def test_a_precision_that_the_cpu_lacks_is_refused(network: NetworkFile) -> None:
    options = RunOptions(batch_size=1, threads=1, precision="float16")
    with pytest.raises(ModelError, match=r"float16: onnxruntime has float32.* on this machine"):
        open_evaluators(network, BACKENDS["onnxruntime"], options)


def test_bfloat16_is_offered_only_where_the_cpu_has_it() -> None:
    usable("openvino", open_network(None))
    import openvino

    able = openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    assert ("bfloat16" in openvino_precisions()) == ("BF16" in able)


PROGRAM = """\
import sys
from pathlib import Path
from lzp.engine.agreement import Tally
from lzp.engine.backends import BACKENDS
from lzp.engine.evaluator import empty_planes
from lzp.engine.model import open_evaluators, open_network
from lzp.engine.quantized_graph import quantizable, quantize
from lzp.engine.run_options import RunOptions
file = open_network(Path({path!r}))
(evaluator,) = open_evaluators(file, BACKENDS[{name!r}], RunOptions(batch_size=2, threads=1))
evaluator.evaluate(empty_planes(file.side, 3))
foreign = {{"torch", "openvino", "openvino_telemetry", "onnxruntime"}}
print(*foreign & set(sys.modules))
"""


@pytest.mark.parametrize("name", ["onnxruntime", "openvino"])
def test_a_backend_imports_itself_alone_and_says_nothing(name: str, network: NetworkFile) -> None:
    """OpenVINO reports its import over the network unless it is kept from it."""
    program = PROGRAM.format(path=str(network.path), name=usable(name, network))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == (f"{name}\n", "")


def test_openvino_that_is_not_installed_says_so(
    network: NetworkFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    reason = why_unusable(BACKENDS["openvino"], network)
    assert reason == "openvino is not installed: pip install openvino"


def test_buffers_are_few_and_hold_every_batch() -> None:
    assert batch_sizes(1) == [1]
    assert batch_sizes(8) == [1, 4, 8]
    assert batch_sizes(256) == [1, 4, 16, 64, 256]


@pytest.mark.parametrize("count", [1, 3, 4, 5, 16, 21])
def test_bound_buffers_give_what_a_plain_run_gives(count: int, network: NetworkFile) -> None:
    """The code of the GPU with its buffers on the CPU."""
    model = played_graph(network, "float32").SerializeToString()
    session = open_session(model, 1, [(CPU_PROVIDER, {})])
    bound = BoundEvaluator(session, network, 16, "cpu")
    (plain,) = open_lanes("onnxruntime", network)
    planes = positions(9, 21)
    bound.evaluate(planes[::-1][:16])  # leaves other positions in the buffers
    ours, theirs = bound.evaluate(planes[:count]), plain.evaluate(planes[:count])
    np.testing.assert_allclose(ours[0], theirs[0], atol=1e-6)
    np.testing.assert_allclose(ours[1], theirs[1], atol=1e-6)


@pytest.mark.parametrize("side", [9, 13])
def test_a_graph_in_float16_is_close(side: int, tmp_path: Path) -> None:
    """As it goes to a GPU; on the CPU its numbers are the same."""
    path = tmp_path / "net.txt"
    write_model(path, random_weights(side=side, blocks=2, filters=8, seed=4, version=2))
    file = open_network(path)
    model = played_graph(file, "float16")
    onnx.checker.check_model(model, full_check=True)
    kinds = {tensor.name: tensor.data_type for tensor in model.graph.initializer}
    assert kinds["block0.first.weight.half"] == onnx.TensorProto.FLOAT16
    session = open_session(model.SerializeToString(), 1, [(CPU_PROVIDER, {})])
    bound = BoundEvaluator(session, file, 8, "cpu")
    (exact,) = open_lanes("onnxruntime", file)
    tally = Tally()
    for planes, answer in play_games(exact, 4):
        tally.add(answer, bound.evaluate(planes))
    found = tally.agreement()
    assert found is not None
    assert 0 < found.winrate < 0.01
    assert 0 < found.policy < 0.02


def test_a_nested_network_runs_in_float16(tmp_path: Path) -> None:
    path = tmp_path / "net.ckpt"
    save_checkpoint(random_nested_net(9, 2, 16), str(path))
    file = open_network(path)
    session = open_session(
        played_graph(file, "float16").SerializeToString(), 1, [(CPU_PROVIDER, {})]
    )
    planes = positions(9, 8)
    (exact,) = open_lanes("onnxruntime", file)
    ours = BoundEvaluator(session, file, 8, "cpu").evaluate(planes)
    theirs = exact.evaluate(planes)
    np.testing.assert_allclose(ours[0], theirs[0], atol=0.02)
    np.testing.assert_allclose(ours[1], theirs[1], atol=0.01)


def test_what_float16_cannot_hold_is_refused() -> None:
    weights = random_weights(side=5, blocks=1, filters=4)
    first = replace(weights.input, weight=weights.input.weight * np.float32(1e6))
    with pytest.raises(ValueError, match=r"input\.weight holds numbers that are too large"):
        to_half(build_model(replace(weights, input=first), "large"))
    model = build_model(weights, "other")
    next(node for node in model.graph.node if node.op_type == "Relu").op_type = "Sqrt"
    with pytest.raises(ValueError, match="only networks of lzp-export, not one with Sqrt"):
        to_half(model)


@pytest.mark.parametrize("name", ["onnxruntime", "openvino"])
def test_int8_is_computed_in_int8_and_not_far_off(
    name: str, network: NetworkFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LZP_CACHE_DIR", str(tmp_path))
    (exact,) = open_lanes("onnxruntime", network)
    (whole,) = open_lanes(name, network, precision="int8")
    tally = Tally()
    for planes, answer in play_games(exact, 8):
        tally.add(answer, whole.evaluate(planes))
    found = tally.agreement()
    assert found is not None
    assert 1e-4 < found.winrate < 0.1  # rounded, and to the right numbers
    assert found.top1 > 0.8
    assert list((tmp_path / "measured").iterdir())  # the ranges are kept


def test_a_network_in_int8_has_whole_weights_with_a_scale_for_each_plane() -> None:
    weights = random_weights(side=5, blocks=2, filters=4)
    model = build_model(weights, "net")
    ranges = dict.fromkeys(
        [name for node in quantizable(model) for name in (*node.input, *node.output)], 2.55
    )
    found = quantize(model, ranges, quantized_sums=True)
    stored = {t.name: numpy_helper.to_array(t) for t in found.graph.initializer}
    original = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    assert [node.name for node in quantizable(model)] == ["block1.first", "block1.second"]
    for part in ("block1.first", "block1.second"):
        whole, scale = stored[f"{part}.weight.whole"], stored[f"{part}.weight.scale"]
        assert whole.dtype == np.int8
        assert np.abs(whole.astype(int)).max(axis=(1, 2, 3)).tolist() == [127] * 4
        error = np.abs(whole * scale[:, None, None, None] - original[f"{part}.weight"])
        assert (error <= scale[:, None, None, None] * 0.5001).all()
        assert f"{part}.weight" not in stored
    assert stored["block0.sum.relu.rounded.scale"] == np.float32(0.01)
    onnx.checker.check_model(found, full_check=True)


def test_without_a_gpu_cuda_and_tensorrt_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda_evaluator, "has_nvidia_gpu", lambda: False)
    for name in ("cuda", "tensorrt"):
        assert BACKENDS[name].why_not() == "no NVIDIA GPU with a working driver"


def test_a_gpu_that_onnxruntime_cannot_use_leaves_the_cpu(
    network: NetworkFile, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A driver without CUDA's libraries, as on this machine once the driver is made up."""
    if gpu.has_nvidia_gpu():
        pytest.skip("this machine has a GPU that works")
    monkeypatch.setattr(cuda_evaluator, "has_nvidia_gpu", lambda: True)
    evaluator = load_evaluator(network.path, batch_size=2, threads=1)
    assert evaluator.evaluate(positions(9, 2))[1].shape == (2,)
    out, err = capfd.readouterr()
    assert out == ""
    if BACKENDS["cuda"].why_not() is None:
        assert err.startswith("the GPU cannot be used, taking the CPU: ")
        assert err.count("\n") == 1


def test_tensorrt_keeps_what_it_builds_for_each_network(
    network: NetworkFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LZP_CACHE_DIR", str(tmp_path))
    told = tensorrt_options(network, RunOptions(batch_size=64, threads=1, precision="float16"))
    assert told["trt_profile_max_shapes"] == "planes:64x18x9x9"
    assert told["trt_fp16_enable"] == "1"
    folder = Path(told["trt_engine_cache_path"])
    assert folder.is_dir()
    assert folder.is_relative_to(tmp_path)
    assert network.digest[:16] in folder.name


def test_looking_for_cuda_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    preload_cuda(onnxruntime)
    assert capfd.readouterr() == ("", "")
