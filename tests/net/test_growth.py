"""Larger networks that begin with the answers of smaller ones."""

import pytest
import torch

from lzp.net import LeelaNet, NestedBottleneckNet
from lzp.net.growth import can_grow, grow_into
from tests.net.random_net import random_net
from tests.net.test_network import random_planes

SIDE = 7


@pytest.mark.parametrize(("blocks", "filters"), [(2, 16), (5, 16), (2, 24), (3, 40)])
def test_a_grown_network_answers_as_the_small_one_does(blocks: int, filters: int) -> None:
    small, large = random_net(SIDE, 2, 16), LeelaNet(blocks, filters, SIDE)
    grow_into(large, small)
    planes = random_planes(8, SIDE)
    with torch.no_grad():
        before, after = small(planes), large.eval()(planes)
    torch.testing.assert_close(after.policy_logits, before.policy_logits, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(after.value, before.value, atol=1e-5, rtol=1e-5)
    assert before.policy_logits.std() > 0.1


def test_what_is_new_takes_part_from_the_first_steps() -> None:
    """But for a filter here and there whose ReLU is shut."""
    torch.manual_seed(0)
    large = LeelaNet(3, 24, SIDE)
    grow_into(large, random_net(SIDE, 2, 16))
    optimizer = torch.optim.SGD(large.parameters(), lr=0.01)
    start = {name: tensor.clone() for name, tensor in large.named_parameters()}
    planes = random_planes(16, SIDE)
    for _ in range(4):
        optimizer.zero_grad()
        output = large(planes)
        (output.policy_logits.square().mean() + output.value.square().mean()).backward()
        optimizer.step()
    for name, tensor in large.named_parameters():
        if tensor.ndim == 4:
            changed = (tensor != start[name]).flatten(2).any(2)
            for part in (changed[16:].any(1), changed[:, 16:].any(0)):
                assert len(part) == 0 or part.float().mean() > 0.7, name


def test_only_a_smaller_network_of_the_same_kind_can_grow() -> None:
    small = LeelaNet(2, 16, SIDE)
    assert can_grow(small, LeelaNet(2, 16, SIDE))
    assert can_grow(small, LeelaNet(3, 24, SIDE))
    others = (
        LeelaNet(1, 24, SIDE),
        LeelaNet(3, 8, SIDE),
        LeelaNet(3, 24, SIDE + 2),
        LeelaNet(3, 24, SIDE, value_for_black=True),
        NestedBottleneckNet(2, 16, SIDE),
    )
    for other in others:
        assert not can_grow(small, other)
    assert not can_grow(NestedBottleneckNet(2, 16, SIDE), small)
