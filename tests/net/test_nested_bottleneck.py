import re
from pathlib import Path

import pytest
import torch

from lzp.net import (
    CheckpointError,
    LossWeights,
    NestedBottleneckNet,
    NestedBottleneckShape,
    Targets,
    leela_losses,
    load_network,
    shape_from_dict,
)
from tests.net.random_net import random_nested_net, save_checkpoint
from tests.net.test_network import random_planes


@pytest.mark.parametrize(("side", "blocks", "filters"), [(2, 1, 8), (9, 3, 16), (19, 2, 24)])
def test_the_outputs_have_the_shapes_that_every_network_has(
    side: int, blocks: int, filters: int
) -> None:
    net = NestedBottleneckNet(blocks, filters, side)
    planes = random_planes(3, side)
    x = net.tower(planes)
    assert x.shape == (3, filters, side, side)
    assert x.min().item() >= 0
    output = net(planes)
    assert output.policy_logits.shape == (3, side * side + 1)
    assert output.value.shape == (3,)
    assert output.value.abs().max().item() < 1
    assert output.ownership_logits.shape == (3, side * side)


def test_no_weight_depends_on_the_side_of_the_board() -> None:
    small, large = NestedBottleneckNet(2, 16, 9), NestedBottleneckNet(2, 16, 19)
    large.load_state_dict(small.state_dict())
    assert large(random_planes(4, 19)).policy_logits.shape == (4, 362)


def test_a_new_network_starts_near_uniform_with_values_near_zero() -> None:
    torch.manual_seed(1)
    output = NestedBottleneckNet(4, 32, 9)(random_planes(32, 9))
    assert output.policy_logits.std().item() < 0.5
    assert output.value.abs().max().item() < 0.5


def test_a_new_block_passes_its_input_on() -> None:
    net = NestedBottleneckNet(3, 16, 9)
    x = torch.rand(2, 16, 9, 9)
    torch.testing.assert_close(net.blocks(x), x)


def test_what_one_point_shows_reaches_all_others_through_pooling() -> None:
    """One stone changes the far corner only by pooling: the convolutions reach 9 lines."""
    net = random_nested_net(25, 2, 16)
    planes = random_planes(1, 25)
    changed = planes.clone()
    changed[0, 0, 0, 0] = 1 - changed[0, 0, 0, 0]
    difference = (net.tower(planes) - net.tower(changed)).abs().amax(dim=(0, 1))
    assert difference[-1, -1].item() > 1e-7
    for block in net.blocks:
        block.pairs[0].pool = None  # type: ignore[union-attr,index]
    difference = (net.tower(planes) - net.tower(changed)).abs().amax(dim=(0, 1))
    assert difference[0, 0].item() > 0
    assert difference[-1, -1].item() == 0


def test_every_parameter_is_trained_even_without_an_ownership_loss() -> None:
    """Several processes wait in vain for the gradient of one that is not."""
    net = random_nested_net(5, 2, 8).train()
    targets = Targets(
        torch.tensor([3, 25, 7, 0]), torch.tensor([1.0, -1, 1, -1]), torch.zeros(4, 0)
    )
    leela_losses(net(random_planes(4, 5)), targets, LossWeights()).total.backward()
    idle = [name for name, p in net.named_parameters() if p.grad is None or not p.grad.any()]
    assert idle == []


def test_both_heads_learn_a_small_batch_by_heart_at_a_high_rate() -> None:
    torch.manual_seed(2)
    net = NestedBottleneckNet(2, 16, 5)
    planes = random_planes(24, 5, seed=3)
    moves = torch.randint(0, 26, (24,))
    outcomes = torch.randint(0, 2, (24,)).float() * 2 - 1
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-2)
    for _ in range(60):
        targets = Targets(moves, outcomes, torch.zeros(24, 0))
        terms = leela_losses(net(planes), targets, LossWeights())
        optimizer.zero_grad()
        terms.total.backward()
        optimizer.step()
    assert terms.policy.item() < 0.2
    assert terms.value.item() < 0.1


def test_the_ownership_loss_teaches_a_map_of_the_points() -> None:
    torch.manual_seed(4)
    net = NestedBottleneckNet(1, 16, 5)
    planes = random_planes(16, 5, seed=5)
    owners = (planes[:, 0] - planes[:, 8]).flatten(1).to(torch.int8)
    targets = Targets(torch.zeros(16, dtype=torch.int64), torch.ones(16), owners)
    optimizer = torch.optim.AdamW(net.parameters(), lr=2e-2)
    for _ in range(40):
        terms = leela_losses(net(planes), targets, LossWeights(policy=0, value=0, ownership=1))
        optimizer.zero_grad()
        terms.total.backward()
        optimizer.step()
    logits = net(planes).ownership_logits
    assert ((logits > 0) == (owners > 0))[owners != 0].float().mean().item() > 0.95


def test_a_shape_survives_being_written_as_plain_data() -> None:
    shape = NestedBottleneckShape(blocks=3, filters=24, side=13)
    assert shape_from_dict(shape.to_dict()) == shape


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"blocks": 0}, "blocks: 0, expected a whole number from 1 to 256"),
        ({"filters": 12}, "filters: 12, expected a multiple of 8"),
        ({"filters": 10**9}, "filters: 1000000000"),
        ({"side": 26}, "side: 26, expected a whole number from 2 to 25"),
        ({"value_for_black": True}, "value_for_black: unknown field"),
        ({"kind": "os.system"}, "kind: 'os.system', expected 'leela' or 'nested-bottleneck'"),
        ({"kind": ["leela"]}, "kind: ['leela'], expected"),
    ],
)
def test_a_wrong_shape_names_its_field(change: dict[str, object], message: str) -> None:
    data = {"kind": "nested-bottleneck", "blocks": 1, "filters": 8, "side": 9, **change}
    with pytest.raises(ValueError, match="^" + re.escape(message)):
        shape_from_dict(data)


def test_a_checkpoint_gives_back_the_network_it_was_made_of(tmp_path: Path) -> None:
    net = random_nested_net(5, 2, 8)
    save_checkpoint(net, str(tmp_path / "last.ckpt"))
    loaded, _ = load_network(tmp_path / "last.ckpt")
    assert isinstance(loaded, NestedBottleneckNet)
    planes = random_planes(4, 5)
    for ours, theirs in zip(loaded(planes), net(planes), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=0)


def test_a_checkpoint_of_one_kind_is_not_read_as_the_other(tmp_path: Path) -> None:
    net = random_nested_net(5, 1, 8)
    checkpoint = {
        "hyper_parameters": {"network": {**net.shape.to_dict(), "kind": "leela"}},
        "state_dict": {f"net.{name}": tensor for name, tensor in net.state_dict().items()},
    }
    torch.save(checkpoint, tmp_path / "wrong.ckpt")
    with pytest.raises(CheckpointError, match=r"state_dict\.net\.input\.conv\.weight: missing"):
        load_network(tmp_path / "wrong.ckpt")
