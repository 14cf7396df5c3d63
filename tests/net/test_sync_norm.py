"""Batch norm over several processes against torch's own over all of their batches."""

import multiprocessing
from pathlib import Path

import pytest
import torch
from torch import Tensor, distributed, nn

from lzp.net import LeelaNet
from lzp.net.sync_norm import SyncNorm, use_plain_norms, use_sync_norms

PROCESSES = 2


def inputs() -> Tensor:
    """Return float32 [8, 3, 5, 5]; channel 2 has a mean that dwarfs its deviation."""
    numbers = torch.randn(8, 3, 5, 5, generator=torch.Generator().manual_seed(1))
    return (
        numbers * torch.tensor([1, 30, 1])[:, None, None]
        + torch.tensor([0, 2, 1000])[:, None, None]
    )


def trained(norm: nn.BatchNorm2d, x: Tensor) -> dict[str, Tensor]:
    """Return the results of two steps of a norm in training: output, gradients, statistics."""
    assert norm.running_mean is not None
    with torch.no_grad():
        norm.weight.copy_(torch.tensor([0.5, 1.0, 2.0]))
        norm.running_mean.copy_(torch.tensor([0.0, 0.0, 999.0]))
    x = x.clone().requires_grad_()
    norm(x.detach())
    output = norm(x)
    (output**3).sum().backward()
    assert x.grad is not None
    assert norm.weight.grad is not None
    assert norm.bias.grad is not None
    return {
        "output": output.detach(),
        "input_grad": x.grad,
        "weight_grad": norm.weight.grad,
        "bias_grad": norm.bias.grad,
        **norm.state_dict(),
    }


def train_share(rank: int, momentum: float | None, folder: Path) -> None:
    """Train one process's share of the inputs and leave the results in a file."""
    torch.set_num_threads(1)
    address = f"file://{folder}/meeting"
    distributed.init_process_group("gloo", address, rank=rank, world_size=PROCESSES)
    share = inputs().chunk(PROCESSES)[rank]
    torch.save(trained(SyncNorm(3, momentum=momentum), share), folder / f"{rank}.pt")
    distributed.destroy_process_group()


@pytest.mark.slow
@pytest.mark.parametrize("momentum", [0.1, None])
def test_shares_give_what_the_whole_batch_gives(momentum: float | None, tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    shares = [(rank, momentum, tmp_path) for rank in range(PROCESSES)]
    processes = [context.Process(target=train_share, args=share) for share in shares]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    whole = trained(nn.BatchNorm2d(3, momentum=momentum).double(), inputs().double())
    first, second = (torch.load(tmp_path / f"{rank}.pt") for rank in range(PROCESSES))
    found = {name: first[name] for name in ("running_mean", "running_var", "num_batches_tracked")}
    for name in found:
        assert torch.equal(first[name], second[name])
    for name in ("output", "input_grad"):
        found[name] = torch.cat([first[name], second[name]])
    for name in ("weight_grad", "bias_grad"):
        found[name] = first[name] + second[name]
    for name, tensor in found.items():
        expected = whole[name].to(tensor.dtype)
        torch.testing.assert_close(tensor, expected, rtol=1e-3, atol=1e-3, msg=name)


def test_norms_change_their_kind_and_nothing_else() -> None:
    net = LeelaNet(2, 8, side=9).train()
    before = net.state_dict(keep_vars=True)
    planes = torch.rand(4, 18, 9, 9)
    plain = net(planes).policy_logits
    net.load_state_dict({name: tensor.clone() for name, tensor in before.items()})
    for change, kind, count in (
        (use_sync_norms, SyncNorm, 7),
        (use_plain_norms, nn.BatchNorm2d, 7),
    ):
        change(net)
        assert sum(type(module) is kind for module in net.modules()) == count
        after = net.state_dict(keep_vars=True)
        assert list(after) == list(before)
        assert all(after[name] is before[name] for name in before)
        assert torch.equal(net(planes).policy_logits, plain)
