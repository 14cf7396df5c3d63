"""Every option of every group, and what a wrong value says."""

from dataclasses import fields
from pathlib import Path

import pytest
import pytorch_lightning as pl

from lzp.data import GameFilter
from lzp.features import PLANES
from lzp.train.agreement import check_agreement
from lzp.train.config import ConfigError, build, checked
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
    ("data.store=3", "data.store: 3, expected text or a list or a mapping or null"),
    ("data.games.side=[1]", r"data.games.side: \[1\], expected a whole number or null"),
    (
        "data.games.min_rank=[6d]",
        r"data.games.min_rank: \['6d'\], expected .*number or text or null",
    ),
    ("data.games.komi=6.5", "data.games.komi: 6.5, expected a list or null"),
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
    assert list(plain["callbacks"]) == [
        "checkpoint",
        "last",
        "learning_rate",
        "progress",
        "average",
    ]
    assert list(plain["logger"]) == ["csv", "tensorboard", "wandb"]
    _, bare = checked(composed(*NEEDED, "logger=[]", "callbacks=[]"))
    assert bare["logger"] == bare["callbacks"] == {}


def test_trainer_keys_are_those_of_lightning() -> None:
    _, plain = checked(composed(*NEEDED))
    assert plain["trainer"]["_target_"] == "pytorch_lightning.Trainer"
    assert isinstance(build(plain["trainer"], "trainer", logger=False), pl.Trainer)
