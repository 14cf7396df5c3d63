import math
import re

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from lzp.net import LeelaNet, LossWeights, NetOutput, NetworkShape, Targets, leela_losses
from lzp.net.losses import reply_loss

NO_OWNERSHIP = torch.zeros(4, 0, dtype=torch.int8)


def random_planes(count: int, side: int, seed: int = 0) -> torch.Tensor:
    rng = np.random.default_rng(seed)
    planes = (rng.random((count, 18, side, side)) < 0.2).astype(np.float32)
    black = rng.integers(0, 2, count)
    planes[:, 16] = black[:, None, None]
    planes[:, 17] = 1 - black[:, None, None]
    return torch.from_numpy(planes)


@pytest.mark.parametrize(("side", "blocks", "filters"), [(2, 1, 1), (9, 2, 8), (19, 1, 4)])
def test_the_outputs_have_one_number_per_move_and_one_value(
    side: int, blocks: int, filters: int
) -> None:
    net = LeelaNet(blocks, filters, side)
    output = net(random_planes(3, side))
    assert output.policy_logits.shape == (3, side * side + 1)
    assert output.value.shape == (3,)
    assert output.value.abs().max().item() < 1


def test_a_new_network_starts_near_uniform_with_values_near_zero() -> None:
    torch.manual_seed(1)
    net = LeelaNet(4, 16, 9)
    output = net(random_planes(32, 9))
    assert output.policy_logits.std().item() < 0.7
    assert output.value.abs().max().item() < 0.5


def test_a_new_residual_block_passes_its_input_on() -> None:
    net = LeelaNet(3, 8, 9)
    x = torch.rand(2, 8, 9, 9)
    torch.testing.assert_close(net.blocks(x), x)


def test_both_heads_learn_a_small_batch_by_heart() -> None:
    torch.manual_seed(2)
    net = LeelaNet(2, 16, 5)
    planes = random_planes(32, 5, seed=3)
    moves = torch.randint(0, 26, (32,))
    outcomes = torch.randint(0, 2, (32,)).float() * 2 - 1
    optimizer = torch.optim.AdamW(net.parameters(), lr=5e-3)
    for _ in range(150):
        terms = leela_losses(net(planes), Targets(moves, outcomes, NO_OWNERSHIP), LossWeights())
        optimizer.zero_grad()
        terms.total.backward()
        optimizer.step()
    assert terms.policy.item() < 0.2
    assert terms.value.item() < 0.1


def test_a_network_for_black_negates_its_value_when_white_is_to_move() -> None:
    torch.manual_seed(3)
    net = LeelaNet(1, 8, 5, value_for_black=True).eval()
    plain = LeelaNet(1, 8, 5).eval()
    plain.load_state_dict(net.state_dict())
    planes = random_planes(16, 5)
    sign = planes[:, 16, 0, 0] * 2 - 1
    assert set(sign.tolist()) == {-1.0, 1.0}
    torch.testing.assert_close(net(planes).value, plain(planes).value * sign)


def test_the_losses_are_the_textbook_ones() -> None:
    logits = torch.tensor([[0.0, 1.0, 2.0], [3.0, 0.0, -1.0]])
    value = torch.tensor([0.5, -0.25])
    outcome = torch.tensor([1.0, -1.0])
    points = torch.tensor([[0.5, -2.0], [0.0, 1.0]])
    owners = torch.tensor([[1, -1], [0, -1]], dtype=torch.int8)
    terms = leela_losses(
        NetOutput(logits, value, points),
        Targets(torch.tensor([2, 1]), outcome, owners),
        LossWeights(policy=2, value=0.5, ownership=3),
    )
    rows = logits.numpy().astype(np.float64)
    chances = np.exp(rows) / np.exp(rows).sum(axis=1, keepdims=True)
    policy = -(math.log(chances[0, 2]) + math.log(chances[1, 1])) / 2
    value_term = (0.5**2 + 0.75**2) / 2
    assert terms.policy.item() == pytest.approx(policy, rel=1e-6)
    assert terms.value.item() == pytest.approx(value_term, rel=1e-6)
    # Odds of an owned point are those of its logit; a point that is nobody's counts half each.
    sure = math.log(1 + math.exp(-0.5)) + math.log(1 + math.exp(-2)) + math.log(1 + math.exp(1))
    ownership = (sure + math.log(2)) / 4
    assert terms.ownership.item() == pytest.approx(ownership, rel=1e-6)
    total = 2 * policy + 0.5 * value_term + 3 * ownership
    assert terms.total.item() == pytest.approx(total, rel=1e-6)


def test_ownership_needs_a_target_only_where_it_has_a_weight() -> None:
    output = LeelaNet(1, 8, 5)(random_planes(4, 5))
    targets = Targets(torch.zeros(4, dtype=torch.int64), torch.ones(4), NO_OWNERSHIP)
    assert leela_losses(output, targets, LossWeights()).ownership.item() == 0
    with pytest.raises(ValueError, match="no ownership"):
        leela_losses(output, targets, LossWeights(ownership=1.0))


def test_the_ownership_loss_turns_the_value_plane_into_a_map() -> None:
    torch.manual_seed(4)
    net = LeelaNet(1, 16, 5)
    planes = random_planes(16, 5, seed=5)
    owners = (planes[:, 0] - planes[:, 8]).flatten(1).to(torch.int8)
    targets = Targets(torch.zeros(16, dtype=torch.int64), torch.ones(16), owners)
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-2)
    for _ in range(150):
        terms = leela_losses(net(planes), targets, LossWeights(policy=0, value=0, ownership=1))
        optimizer.zero_grad()
        terms.total.backward()
        optimizer.step()
    logits = net(planes).ownership_logits
    assert ((logits > 0) == (owners > 0))[owners != 0].float().mean().item() > 0.95


def test_the_policy_loss_takes_probabilities_too() -> None:
    logits = torch.randn(4, 26)
    moves = torch.tensor([0, 3, 25, 7])
    output = NetOutput(logits, torch.zeros(4), torch.zeros(4, 25))
    by_index = leela_losses(output, Targets(moves, torch.ones(4), NO_OWNERSHIP), LossWeights())
    one_hot = F.one_hot(moves, 26).float()
    by_chance = leela_losses(output, Targets(one_hot, torch.ones(4), NO_OWNERSHIP), LossWeights())
    torch.testing.assert_close(by_index.policy, by_chance.policy)


def test_a_shape_survives_being_written_as_plain_data() -> None:
    shape = NetworkShape(blocks=3, filters=24, side=13, value_for_black=True)
    assert NetworkShape.from_dict(shape.to_dict()) == shape


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"blocks": 0}, "blocks: 0, expected a whole number from 1 to 256"),
        ({"blocks": True}, "blocks: True"),
        ({"filters": "64"}, "filters: '64'"),
        ({"filters": 10**9}, "filters: 1000000000"),
        ({"side": 26}, "side: 26, expected a whole number from 2 to 25"),
        ({"kind": "chess"}, "kind: 'chess', expected 'leela'"),
        ({"value_for_black": 1}, "value_for_black: 1"),
        ({"width": 3}, "width: unknown field"),
    ],
)
def test_a_wrong_shape_names_its_field(change: dict[str, object], message: str) -> None:
    data = {"kind": "leela", "blocks": 1, "filters": 8, "side": 9, **change}
    with pytest.raises(ValueError, match="^" + re.escape(message)):
        NetworkShape.from_dict(data)


@pytest.mark.parametrize("weight", [-1.0, math.nan, math.inf])
def test_a_loss_weight_must_be_a_usable_number(weight: float) -> None:
    with pytest.raises(ValueError, match=r"^value: "):
        LossWeights(value=weight)


def test_the_heads_of_a_tower_are_the_whole_network() -> None:
    torch.manual_seed(4)
    net = LeelaNet(2, 8, 5, value_for_black=True).eval()
    planes = random_planes(6, 5)
    x = net.tower(planes)
    assert x.shape == (6, 8, 5, 5)
    assert x.min().item() == 0
    assert x.max().item() > 0
    for whole, part in zip(net(planes), net.heads(x, planes), strict=True):
        torch.testing.assert_close(whole, part, rtol=0, atol=0)


def test_smoothing_the_reply_and_a_teacher_enter_the_total_as_described() -> None:
    rng = np.random.default_rng(3)
    logits, reply_logits = rng.normal(size=(2, 3, 26))
    moves, replies = np.array([1, 25, 7]), np.array([4, 25, 25])
    known = np.array([True, True, False])
    teacher = rng.dirichlet(np.ones(26), 3)
    targets = Targets(
        policy=torch.from_numpy(moves),
        value=torch.zeros(3),
        ownership=NO_OWNERSHIP[:3],
        reply=torch.from_numpy(replies),
        reply_known=torch.from_numpy(known),
        teacher=torch.from_numpy(teacher),
        teacher_value=torch.tensor([0.5, -0.5, 0.1], dtype=torch.float64),
    )
    values = torch.tensor([0.2, 0.0, -0.4], dtype=torch.float64)
    output = NetOutput(torch.from_numpy(logits), values, torch.zeros(3, 25))
    weights = LossWeights(
        policy=2, value=3, reply=0.5, smoothing=0.1, distillation=0.25, value_distillation=0.4
    )
    terms = leela_losses(output, targets, weights, torch.from_numpy(reply_logits))

    def nats(rows: np.ndarray, chances: np.ndarray) -> np.ndarray:
        logs = rows - np.log(np.exp(rows).sum(axis=1, keepdims=True))
        return np.asarray(-(chances * logs).sum(axis=1))

    played = np.eye(26)[moves]
    policy, taught = nats(logits, played).mean(), nats(logits, teacher).mean()
    smooth = nats(logits, 0.9 * played + 0.1 / 26).mean()
    reply = nats(reply_logits, np.eye(26)[replies])[known].mean()
    assert terms.policy.item() == pytest.approx(policy)
    assert terms.reply.item() == pytest.approx(reply)
    assert terms.distillation.item() == pytest.approx(taught)
    value, taught_value = (0.04 + 0.16) / 3, (0.09 + 0.25 + 0.25) / 3
    assert terms.value.item() == pytest.approx(value)
    total = 2 * (0.75 * smooth + 0.25 * taught) + 0.5 * reply
    total += 3 * (0.6 * value + 0.4 * taught_value)
    assert terms.total.item() == pytest.approx(total)


def test_without_any_known_reply_its_loss_is_zero() -> None:
    loss = reply_loss(torch.randn(2, 26), torch.zeros(2, dtype=torch.int64), torch.zeros(2).bool())
    assert loss.item() == 0


def test_a_reply_weight_without_a_head_is_refused() -> None:
    output = LeelaNet(1, 8, 5)(random_planes(4, 5))
    targets = Targets(torch.zeros(4, dtype=torch.int64), torch.ones(4), NO_OWNERSHIP)
    with pytest.raises(ValueError, match="no head"):
        leela_losses(output, targets, LossWeights(reply=0.1))


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"reply": -1.0}, "reply: -1.0"),
        ({"smoothing": 1.0}, "smoothing: 1.0"),
        ({"distillation": 1.5}, "distillation: 1.5"),
        ({"value_distillation": -0.1}, "value_distillation: -0.1"),
    ],
)
def test_loss_weights_out_of_range_are_refused(changes: dict[str, float], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        LossWeights(**changes)
