"""Every option of every group, and what a wrong value says."""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal

import pytest
import pytorch_lightning as pl
from hydra.utils import get_object

from lzp.data import GameFilter
from lzp.features import PLANES
from lzp.train.agreement import check_agreement
from lzp.train.config import ConfigError, build, checked
from lzp.train.config_values import check_value
from lzp.train.run import run_training
from tests.train.runs import GROUPS, composed, options_of, small_run

NEEDED = ("data=store", "data.store=games.lzps")
OPTIONS = [(group, option) for group in GROUPS for option in options_of(group)]


def test_groups_are_the_folders() -> None:
    folders = {path.name for path in Path("conf").resolve().glob("*/")} - {"experiment"}
    assert not folders or folders == set(GROUPS)


@pytest.mark.parametrize(("group", "option"), OPTIONS)
def test_every_option_composes_and_is_accepted(group: str, option: str, tmp_path: Path) -> None:
    source = ["data.sources=[games]"] if (group, option) == ("data", "sgf") else NEEDED[1:]
    chosen = [] if group == "data" else NEEDED[:1]
    cfg = composed(*chosen, f"{group}={option}", *source, f"run_dir={tmp_path}")
    _, plain = checked(cfg)
    needs_gpu = option in ("gpu", "ddp")
    if needs_gpu or option == "wandb":
        return  # what it builds needs a GPU, or a package that is an extra
    part = plain["callbacks" if group == "extras" else group]
    nodes = {group: part} if "_target_" in part else part
    for name, node in nodes.items():
        assert build(node, name) is not None


@pytest.mark.parametrize("option", options_of("experiment"))
def test_every_experiment_is_accepted(option: str) -> None:
    settings, plain = checked(composed(*NEEDED, f"experiment={option}"))
    assert settings.name == option
    assert settings.run_dir == f"runs/{option}"
    assert plain["schedule"].get("total_steps", 1) <= plain["trainer"]["max_steps"]


def test_every_filter_of_games_is_in_the_configuration() -> None:
    shown = composed(*NEEDED).data.games
    assert [str(key) for key in shown] == ["_target_", *(f.name for f in fields(GameFilter))]
    usual = GameFilter()
    assert all(shown[f.name] == getattr(usual, f.name) for f in fields(GameFilter)[1:])


BAD = [
    ("optimizer.lr=abc", "optimizer.lr: 'abc', expected a number"),
    ("optimizer.betas=3", "optimizer.betas: 3, expected a list"),
    ("seed=x", "seed: 'x', expected a whole number"),
    ("seed=-1", "seed: must be between"),
    ("run_test=maybe", "run_test: 'maybe', expected true or false"),
    ("network.blocks=1.5", "network.blocks: 1.5, expected a whole number"),
    ("network.blocks=true", "network.blocks: True, expected a whole number"),
    ("data.batch_size=many", "data.batch_size: 'many', expected a whole number"),
    ("data.store=3", "data.store: 3, expected text or a list of texts or a mapping or null"),
    ("data.games.side=[1]", r"data.games.side: \[1\], expected a whole number or null"),
    (
        "data.games.min_rank=[6d]",
        r"data.games.min_rank: \['6d'\], expected .*number or text or null",
    ),
    ("data.games.komi=6.5", "data.games.komi: 6.5, expected a list of numbers or null"),
    ("task.weights.policy=x", "task.weights.policy: 'x', expected a number"),
    ("trainer.precision=bf17", "trainer.precision: 'bf17', expected .*bf16-mixed"),
    ("schedule.warmup_steps=0.5", "schedule.warmup_steps: 0.5, expected a whole number"),
    ("callbacks.checkpoint.monitor=3", "callbacks.checkpoint.monitor: 3, expected text or null"),
    ("+network.foo=1", "network.foo: no such key; keys are blocks, filters"),
    ("+network._args_=[1]", "network._args_: no such key"),
    ("+what=1", "what: no such key; keys are name"),
    ("network._target_=os.system", "network._target_: 'os.system' is not one of lzp"),
    ("network._target_=lzp.train.cli.os.system", "there is no lzp.train.cli.os.system"),
    ("network._target_=lzp.train.config.instantiate", "is not one of lzp"),
    ("network._target_=lzp.net.Nothing", "there is no lzp.net.Nothing"),
    ("network._target_=3", "network._target_: 3 is not one of lzp"),
    ("network._target_=torch.optim._functional.adamw", "torch.optim._functional.adamw is private"),
    ("network._target_=lzp.data.ConvertOptions", "ConvertOptions does not make a Module"),
    ("network._target_=lzp.train.run.run_training", "lzp.train.run.run_training is not a class"),
    ("+network._partial_=true", "network._partial_: must be false here"),
    ("+network._partial_=3", "network._partial_: 3, expected true or false"),
    ("~network", "network: None, expected a mapping with a _target_"),
    ("~network.blocks", "network.blocks: missing"),
    ("~network._target_", "network: .*expected a mapping with a _target_"),
    ("optimizer._partial_=false", "optimizer._partial_: must be true here"),
    ("optimizer._target_=lzp.train.schedules.step", "schedules.step does not make a Optimizer"),
    ("+optimizer.params=[1]", "optimizer.params: lzp-train passes this itself"),
    ("optimizer.lr=nan", "optimizer.lr: nan, expected a number"),
    ("optimizer.betas=[0.9,x]", r"optimizer.betas: \[0.9, 'x'\], expected a list"),
    ("~schedule.total_steps", "schedule.total_steps: missing"),
    ("+trainer.logger=true", "trainer.logger: lzp-train passes this itself"),
    ("trainer.plugins=[{x: 1}]", "trainer.plugins: .*expected"),
    ("trainer.plugins.0._target_=os.system", r"trainer.plugins\[0\]._target_: 'os.system' is not"),
    ("trainer.plugins.0._target_=lzp.net.LeelaNet", r"plugins\[0\]._target_: .* does not make"),
    ("data.games._target_=lzp.net.LossWeights", "LossWeights does not make a GameFilter"),
    ("~data.games._target_", "data.games: .*expected .*GameFilter"),
    ("data.sources=[1]", r"data.sources: \[1\], expected a list of texts"),
    ("+task.net._target_=lzp.net.LeelaNet", "task.net: lzp-train passes this itself"),
    ("+callbacks.mine={monitor: val/loss}", "callbacks.mine: .*expected a mapping with a _target_"),
    ("callbacks.last=3", "callbacks.last: 3, expected a mapping with a _target_"),
    ("+callbacks.mine._target_=lzp.net.LossWeights", "LossWeights does not make a Callback"),
    ("logger.csv._target_=torch.optim.SGD", "SGD does not make a Logger"),
    ("name=''", "name: is empty"),
    ("data.store=???", "data.store: Missing mandatory value"),
]


@pytest.mark.parametrize(("override", "complaint"), BAD)
def test_a_bad_value_is_named_with_its_full_key(override: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint) as caught:
        checked(composed(*NEEDED, override))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("override", "complaint"),
    [
        ("network.blocks=0", "network: blocks: 0"),
        ("data.games.val_fraction=2", "data.games|val_fraction"),
        ("data.ahead=-1", "data: ahead"),
        ("task.weights.value=-1", "value: -1"),
        ("schedule.warmup_steps=50", "total_steps .12. must be more than warmup_steps .50."),
        ("optimizer.lr=-1", "learning rate"),
        ("trainer.devices=0", "trainer: "),
        ("callbacks.last.every_steps=0", "callbacks.last: every_steps"),
    ],
)
def test_a_value_out_of_range_is_refused_before_anything_is_written(
    override: str, complaint: str, games_store: Path, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=complaint):
        run_training(small_run(games_store, tmp_path / "run", override))
    assert not (tmp_path / "run").exists()


def test_the_side_and_the_planes_flow_from_the_data() -> None:
    _, plain = checked(composed("data=sgf", "data.sources=[games]", "data.side=13"))
    check_agreement(plain)
    assert plain["network"]["side"] == plain["data"]["games"]["side"] == 13
    assert plain["data"]["options"]["sides"] == [13]
    assert plain["network"]["planes"] == plain["data"]["planes"] == PLANES


@pytest.mark.parametrize(
    ("overrides", "complaint"),
    [
        (["network.side=9"], "network.side: 9, but data.side is 19; say only data.side="),
        (["network.planes=17"], "network.planes: 17, but data.planes is 18"),
        (["data.games.side=9"], "data.games.side: 9, but data.side is 19"),
        (["data=sgf", "data.options.sides=[9]"], "data.options.sides: .9., without data.side, 19"),
        (["data.planes=17"], "planes: 17, "),
        (["task.weights.ownership=1"], "task.weights.ownership: 1.*, needs data.ownership"),
    ],
)
def test_groups_that_contradict_each_other_are_named(
    overrides: list[str], complaint: str, games_store: Path, tmp_path: Path
) -> None:
    cfg = composed(*NEEDED[:1], f"data.store={games_store}", f"run_dir={tmp_path}/run", *overrides)
    with pytest.raises(ConfigError, match=complaint):
        run_training(cfg)
    assert not (tmp_path / "run").exists()


def test_extras_and_loggers_combine() -> None:
    chosen = ("extras=[ema]", "callbacks.learning_rate=null", "logger=[default,wandb]")
    _, plain = checked(composed(*NEEDED, *chosen))
    assert list(plain["callbacks"]) == ["checkpoint", "last", "progress", "average"]
    assert list(plain["logger"]) == ["csv", "tensorboard", "wandb"]
    _, bare = checked(composed(*NEEDED, "logger=[]", "callbacks=[]"))
    assert bare["logger"] == bare["callbacks"] == {}


#: Parameters of ours that no configuration sets, and why.
NOT_IN_YAML = {
    "lzp.data.ConvertOptions": {"games"},  # data.games chooses when positions are sampled
    "lzp.net.LeelaNet": {"value_for_black"},  # of imported weights only
    "lzp.train.task.TrainTask": {"net", "optimizer", "schedule"},  # objects
}


def described(node: Any) -> Iterator[dict[str, Any]]:
    """Yield every mapping with a target at or below a node."""
    if isinstance(node, dict):
        if "_target_" in node:
            yield node
        for child in node.values():
            yield from described(child)
    elif isinstance(node, list):
        for child in node:
            yield from described(child)


@pytest.mark.parametrize(("group", "option"), OPTIONS)
def test_every_parameter_of_ours_has_a_key(group: str, option: str) -> None:
    chosen = [] if group == "data" else NEEDED[:1]
    _, plain = checked(composed(*chosen, f"{group}={option}", "data.store=x"))
    for node in described(plain):
        target = node["_target_"]
        found = get_object(target)
        definer = found.__init__ if inspect.isclass(found) else found
        if not getattr(definer, "__module__", "").startswith("lzp."):
            continue  # a library's parameters, inherited perhaps
        parameters = list(inspect.signature(found).parameters)
        if node.get("_partial_"):
            parameters = parameters[1:]
        hidden = NOT_IN_YAML.get(target, set())
        if target.endswith("PositionDataModule") and option != "sgf":
            hidden = {"options"}  # of a conversion; a store is there already
        assert set(parameters) - hidden == set(node) - {"_target_", "_partial_"}, target


@pytest.mark.parametrize(
    ("annotation", "good", "bad"),
    [
        (dict[str, int], {"a": 1}, {"a": "x"}),
        (dict[str, list[float]], {"a": [1, 2.5]}, {"a": [True]}),
        (list[dict[str, int]], [{"a": 1}, {}], [{"a": 1}, {"b": None}]),
        (Literal["min", "max"], "min", "mean"),
        (Literal[1, 2], 1, True),
        (int | None, None, 1.0),
        (tuple[int, ...], [1, 2], [1, "2"]),
        (tuple[float, float], [1, 2.0], [1.0]),
        (frozenset[str], ["a"], "a"),
        (float, 1, float("inf")),
        (Callable[..., Any], {"_target_": "lzp.net.LeelaNet"}, "lzp.net.LeelaNet"),
        (Path, "a", 1),
    ],
)
def test_a_value_is_judged_by_the_annotation(annotation: Any, good: Any, bad: Any) -> None:
    check_value("key", annotation, good)
    with pytest.raises(ConfigError, match="key: "):
        check_value("key", annotation, bad)


def test_trainer_keys_are_those_of_lightning() -> None:
    _, plain = checked(composed(*NEEDED))
    assert plain["trainer"]["_target_"] == "pytorch_lightning.Trainer"
    assert isinstance(build(plain["trainer"], "trainer", logger=False), pl.Trainer)
