"""What training has beside the network: a reply head, a teacher, a schedule that watches."""

from pathlib import Path

import numpy as np
import pytest
import torch

from lzp.net import LeelaNet, load_network, weights_from_network
from lzp.train.ablation import ROWS, main
from lzp.train.config import ConfigError, checked
from lzp.train.run import run_training
from lzp.train.teacher import Teacher
from lzp.weights import write_weights
from tests.train.runs import SMALL, composed, small_run


def test_the_reply_is_learned_and_is_no_part_of_the_network(
    games_store: Path, tmp_path: Path
) -> None:
    result = run_training(small_run(games_store, tmp_path, "task.weights.reply=0.5"))
    # Random moves: a head that learned nothing but evenness has log(82) = 4.41 nats.
    assert 3.5 < result.metrics["val/reply_loss"] < 5
    stored = torch.load(tmp_path / "last.ckpt", weights_only=True)["state_dict"]
    assert any(name.startswith("reply.") for name in stored)
    net, _ = load_network(tmp_path / "last.ckpt")
    assert not any("reply" in name for name in net.state_dict())
    assert isinstance(net, LeelaNet)
    write_weights(tmp_path / "net.txt", weights_from_network(net))


def test_the_reply_head_does_not_change_what_the_network_starts_from(
    games_store: Path, tmp_path: Path
) -> None:
    none = "trainer.max_steps=3"
    plain = run_training(small_run(games_store, tmp_path / "plain", none, "optimizer.lr=0"))
    with_reply = small_run(
        games_store, tmp_path / "reply", none, "optimizer.lr=0", "task.weights.reply=0.5"
    )
    first, second = plain.task.net, run_training(with_reply).task.net
    for name, tensor in first.named_parameters():
        assert torch.equal(tensor, dict(second.named_parameters())[name]), name


def teacher_file(games_store: Path, tmp_path: Path, form: str) -> Path:
    run_training(small_run(games_store, tmp_path / "teacher"))
    checkpoint = tmp_path / "teacher/last.ckpt"
    if form == "checkpoint":
        return checkpoint
    net, _ = load_network(checkpoint)
    assert isinstance(net, LeelaNet)
    write_weights(tmp_path / "teacher.txt.gz", weights_from_network(net))
    return tmp_path / "teacher.txt.gz"


def teaching(path: Path, share: float) -> tuple[str, ...]:
    return (
        f"task.teacher={{_target_: lzp.train.teacher.Teacher, path: {path}}}",
        f"task.weights.distillation={share}",
    )


@pytest.mark.parametrize("form", ["weights", pytest.param("checkpoint", marks=pytest.mark.slow)])
def test_a_pupil_of_nothing_but_a_teacher_comes_to_answer_like_it(
    form: str, games_store: Path, tmp_path: Path
) -> None:
    path = teacher_file(games_store, tmp_path, form)
    changes = (*teaching(path, 1.0), "trainer.max_steps=60", "optimizer.lr=0.01", "seed=5")
    result = run_training(small_run(games_store, tmp_path / "pupil", *changes))
    planes = (torch.rand(16, 18, 9, 9) > 0.8).float()
    pupil = torch.softmax(result.task.net.eval()(planes).policy_logits, dim=1).detach()
    taught, _ = Teacher(str(path)).answer(planes)
    even = torch.full_like(taught, 1 / 82)
    entropy = -(taught * taught.log()).sum(dim=1)
    from_pupil = -(taught * pupil.log()).sum(dim=1) - entropy
    from_even = -(taught * even.log()).sum(dim=1) - entropy
    assert from_pupil.mean() < from_even.mean()
    assert "teacher" not in str(torch.load(tmp_path / "pupil/last.ckpt", weights_only=True).keys())


@pytest.mark.parametrize("form", ["checkpoint", "weights"])
def test_a_run_starts_from_a_trained_network(form: str, games_store: Path, tmp_path: Path) -> None:
    path = teacher_file(games_store, tmp_path, form)
    none = ("trainer.max_steps=3", "optimizer.lr=0", "optimizer.weight_decay=0")
    begun = run_training(small_run(games_store, tmp_path / "run", f"start_from={path}", *none))
    planes = torch.from_numpy(np.random.default_rng(1).integers(0, 2, (64, 18, 9, 9))).float()
    taught, value = Teacher(str(path)).answer(planes)
    # The norms' statistics have seen three batches more; the other numbers are the same.
    net = begun.task.net.eval()
    for module, trained in zip(net.modules(), Teacher(str(path))._net.modules(), strict=True):
        if isinstance(module, torch.nn.BatchNorm2d):
            module.load_state_dict(trained.state_dict())
    with torch.no_grad():
        output = net(planes)
    assert torch.allclose(torch.softmax(output.policy_logits, 1), taught, atol=1e-6)
    assert torch.allclose(output.value, value, atol=1e-6)


def test_a_larger_run_begins_with_the_answers_of_a_small_network(
    games_store: Path, tmp_path: Path
) -> None:
    path = teacher_file(games_store, tmp_path, "weights")
    still = ("trainer.max_steps=3", "optimizer.lr=0", "optimizer.weight_decay=0")
    larger = ("network.blocks=2", "network.filters=12")
    begun = run_training(
        small_run(games_store, tmp_path / "run", f"start_from={path}", *still, *larger)
    )
    assert (begun.task.net.shape.blocks, begun.task.net.shape.filters) == (2, 12)
    planes = torch.from_numpy(np.random.default_rng(1).integers(0, 2, (64, 18, 9, 9))).float()
    with torch.no_grad():
        policy = torch.softmax(begun.task.net.eval()(planes).policy_logits, 1)
    taught, _ = Teacher(str(path)).answer(planes)
    # But for the norms' statistics, which have seen three batches more.
    assert (policy - taught).abs().mean() < 0.1 * taught.std()


def test_a_start_of_another_shape_is_refused(games_store: Path, tmp_path: Path) -> None:
    path = teacher_file(games_store, tmp_path, "weights")
    other = small_run(games_store, tmp_path / "run", f"start_from={path}", "network.filters=4")
    with pytest.raises(ConfigError, match=r"start_from: .*blocks=1"):
        run_training(other)
    missing = small_run(games_store, tmp_path / "run", "start_from=none.txt")
    with pytest.raises(ConfigError, match=r"none\.txt: No such file"):
        run_training(missing)
    assert not (tmp_path / "run").exists()


def test_a_value_is_learned_from_a_teacher(games_store: Path, tmp_path: Path) -> None:
    path = teacher_file(games_store, tmp_path, "checkpoint")
    changes = (
        f"task.teacher={{_target_: lzp.train.teacher.Teacher, path: {path}}}",
        "task.weights.value_distillation=1.0", "task.weights.value=20",
        "trainer.max_steps=60", "optimizer.lr=0.01", "seed=5",
    )  # fmt: skip
    result = run_training(small_run(games_store, tmp_path / "pupil", *changes))
    planes = (torch.rand(32, 18, 9, 9) > 0.8).float()
    pupil = result.task.net.eval()(planes).value.detach()
    _, taught = Teacher(str(path)).answer(planes)
    assert ((pupil - taught) ** 2).mean() < 0.5 * (taught**2).mean()


def test_a_teacher_and_its_weight_need_each_other(games_store: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"task.teacher and task.weights.distillation"):
        run_training(small_run(games_store, tmp_path / "a", "task.weights.distillation=0.5"))
    with pytest.raises(ConfigError, match=r"nowhere.txt: No such file"):
        run_training(small_run(games_store, tmp_path / "b", *teaching(Path("nowhere.txt"), 0.5)))
    damaged = tmp_path / "damaged.txt"
    damaged.write_text("1\nabc\n")
    with pytest.raises(ConfigError, match=r"damaged.txt"):
        run_training(small_run(games_store, tmp_path / "c", *teaching(damaged, 0.5)))


def test_a_plateau_cuts_the_rate_when_the_loss_stands_still(
    games_store: Path, tmp_path: Path
) -> None:
    changes = (
        "schedule=plateau",
        "schedule.patience=0",
        "schedule.factor=0.5",
        "optimizer=sgd",
        "optimizer.lr=1e-7",  # next to nothing is learned, so nothing falls
        "trainer.val_check_interval=2",
    )
    small = [change for change in SMALL if not change.startswith("schedule.")]
    cfg = composed(*small, f"data.store={games_store}", f"run_dir={tmp_path}", *changes)
    result = run_training(cfg)
    rate = result.trainer.optimizers[0].param_groups[0]["lr"]
    # Six validations; the norms' running averages move the loss a little, up or down.
    assert rate < 1e-7
    assert np.isclose(np.log2(1e-7 / rate) % 1, 0)


@pytest.mark.parametrize("row", ROWS)
def test_every_row_of_the_ablation_sees_as_many_samples(row: str) -> None:
    overrides = ROWS[row].overrides("mini", 32_768)
    _, plain = checked(composed(*overrides, "data.store=x"))
    trained = plain["trainer"]["max_steps"] * plain["data"]["batch_size"]
    measured = plain["trainer"]["limit_val_batches"] * plain["data"]["batch_size"]
    assert (trained, measured) == (32_768, 10_240)
    assert plain["network"]["filters"] == 32


def test_an_ablation_needs_rows_that_exist(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--store", "x", "--out", "y", "--rows", "wishes"])
    assert "wishes" in capsys.readouterr().err
