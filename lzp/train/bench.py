"""How fast training is: the step alone, and the loop with its loader as users get it."""

import re
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf

from lzp.data import convert
from lzp.go import Game
from lzp.sgf import SgfInfo, write_game
from lzp.train.bench_clock import StepClock
from lzp.train.cli import config_folder
from lzp.train.config import build, checked
from lzp.train.roof import measure_roof, training_flops
from lzp.train.run import run_training

_GAMES, _PLIES = 128, 220
_SIZE = re.compile(r"(\d{1,3})x(\d{1,4})")
#: More steps than any benchmark takes.
_ENDLESS = 10**9


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainBench:
    """What `bench_training` measures.

    Attributes:
        networks: options of the group `network`, or BLOCKSxFILTERS.
        batches: batch sizes, each measured with each network.
        precision: of Lightning: 32-true, bf16-mixed or 16-mixed.
        device: of Lightning: auto, cpu, gpu or whatever else it calls an accelerator.
        channels_last: memory layout of the network.
        compile_net: let torch compile the network.
        roof_tflops: what the device can do; None measures it.
        store: where positions come from; None makes random games.
        rounds: of each kind.
        round_s: seconds a round lasts at least.
        overrides: further words for Hydra, as `lzp-train` takes them.
    """

    networks: Sequence[str] = ("mini",)
    batches: Sequence[int] = (128,)
    precision: str = "32-true"
    device: str = "auto"
    channels_last: bool = False
    compile_net: bool = False
    roof_tflops: float | None = None
    store: Path | None = None
    rounds: int = 5
    round_s: float = 3.0
    overrides: Sequence[str] = ()


def bench_training(bench: TrainBench) -> dict[str, Any]:
    """Measure training, one network and batch size after the other.

    Returns:
        Plain data: the device and its roof in 10^12 operations a second, and `runs`, the
        figures of each network and batch size, medians over rounds with `_low` and `_high`.

    Raises:
        ConfigError: a network, precision or device that there is not.
        StoreError: the store cannot be read.
    """
    runs: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="lzp-bench-") as name:
        folder = Path(name)
        store = bench.store or _random_store(folder)
        for network, batch_size in product(bench.networks, bench.batches):
            cfg = _composed(bench, network, batch_size)
            cfg.data.store, cfg.run_dir = str(store), str(folder / f"run-{len(runs)}")
            flops, clock = _run(cfg, bench)
            figures = _figures(clock, flops)
            runs.append({"network": network, "batch_size": batch_size, **figures})
    roof = bench.roof_tflops or measure_roof(clock.device, bench.precision) / 1e12
    for run in runs:
        run["share_of_roof"] = run["tflops"] / roof
    return {
        "device": _name(clock.device),
        "precision": bench.precision,
        "roof_tflops": roof,
        "runs": runs,
    }


def _run(cfg: DictConfig, bench: TrainBench) -> tuple[int, StepClock]:
    """Run one configuration; return the operations of a sample and the clock, stopped."""
    net = build(checked(cfg)[1]["network"], "network")
    clock = {"_target_": f"{StepClock.__module__}.{StepClock.__name__}", "rounds": bench.rounds}
    clock |= {"round_s": bench.round_s, "compile_net": bench.compile_net}
    OmegaConf.update(cfg, "callbacks.clock", clock, force_add=True)
    callbacks = run_training(cfg).trainer.callbacks  # type: ignore[attr-defined]
    stopped = next(callback for callback in callbacks if isinstance(callback, StepClock))
    return training_flops(net, net.shape.side), stopped


def _figures(clock: StepClock, flops: int) -> dict[str, float]:
    """Return what a clock saw of a network with so many operations a sample."""
    ratios = [loop / step for loop, step in zip(clock.loop_rates, clock.step_rates, strict=True)]
    return {
        **_spread("step_samples_per_s", clock.step_rates),
        **_spread("loop_samples_per_s", clock.loop_rates),
        **_spread("ratio", ratios),
        **_spread("waiting_share", clock.waiting),
        "tflops": statistics.median(clock.loop_rates) * flops / 1e12,
    }


def _name(device: torch.device) -> str:
    """Return a device in words."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{device.type}, {torch.get_num_threads()} threads"


def _spread(name: str, values: Sequence[float]) -> dict[str, float]:
    """Return the median of several rounds under a name, and with it the least and the most."""
    return {
        name: statistics.median(values),
        f"{name}_low": min(values),
        f"{name}_high": max(values),
    }


def _composed(bench: TrainBench, network: str, batch_size: int) -> DictConfig:
    """Return the configuration of `lzp-train` for one measurement, without its ends."""
    words = [
        *_network_words(network),
        "data=store",
        f"data.batch_size={batch_size}",
        "schedule=constant",
        f"trainer.accelerator={bench.device}",
        f"trainer.precision={bench.precision}",
        f"trainer.max_steps={_ENDLESS}",
        "trainer.limit_val_batches=0",
        f"trainer.val_check_interval={_ENDLESS}",
        f"trainer.benchmark={bench.device != 'cpu' and torch.cuda.is_available()}",
        f"task.channels_last={bench.channels_last}",
        "~callbacks.progress",
        "trainer.enable_progress_bar=false",
        *bench.overrides,
    ]
    with initialize_config_dir(str(config_folder()), version_base="1.3"):
        return compose("train", words)


def _network_words(network: str) -> list[str]:
    """Return the words for Hydra that choose a network."""
    size = _SIZE.fullmatch(network)
    if size is None:
        return [f"network={network}"]
    return ["network=small", f"network.blocks={int(size[1])}", f"network.filters={int(size[2])}"]


def _random_store(folder: Path) -> Path:
    """Make a store of random games, whose positions take as long to sample as real ones."""
    random = np.random.default_rng(1)
    source, store = folder / "random.sgf", folder / "random.lzps"
    with source.open("w") as file:
        for number in range(_GAMES):
            game = Game(19)
            while len(game.moves) < _PLIES:
                game.play(int(random.choice(game.legal_moves()[:-1])))
            file.write(write_game(game, SgfInfo(result="BW"[number % 2] + "+R")))
    convert([source], store, workers=1)
    return store
