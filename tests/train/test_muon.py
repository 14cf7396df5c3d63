"""Muon against a singular value decomposition, and its AdamW against torch's."""

import copy

import pytest
import torch
from torch import Tensor

from lzp.train.muon import HIDDEN, Muon, orthogonalized


def parameter_of(*shape: int, seed: int = 0) -> torch.nn.Parameter:
    generator = torch.Generator().manual_seed(seed)
    return torch.nn.Parameter(torch.randn(*shape, generator=generator))


def gradients_of(parameter: Tensor, steps: int) -> list[Tensor]:
    generator = torch.Generator().manual_seed(9)
    return [torch.randn(parameter.shape, generator=generator) for _ in range(steps)]


@pytest.mark.parametrize("shape", [(32, 288), (288, 32), (16, 16), (1, 9)])
def test_orthogonalized_keeps_directions_and_evens_out_their_lengths(
    shape: tuple[int, int],
) -> None:
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    left, lengths, right = torch.linalg.svd(matrix, full_matrices=False)
    turned = left.T @ orthogonalized(matrix) @ right.T
    found = turned.diagonal()
    large = lengths > 0.05 * lengths.max()  # the polynomial lifts tiny ones only part of the way
    assert large.sum() >= 0.8 * len(lengths)
    assert found[large].min() > 0.6
    assert found.max() < 1.25
    assert (turned - torch.diag(found)).abs().max() < 1e-3


def test_a_step_has_the_size_of_an_adamw_step_and_the_direction_of_the_momentum() -> None:
    kernel = parameter_of(32, 32, 3, 3)
    start = kernel.detach().clone()
    optimizer = Muon([{"params": [kernel], "role": HIDDEN}], lr=0.1, weight_decay=0.0)
    (gradient,) = gradients_of(kernel, 1)
    kernel.grad = gradient.clone()
    optimizer.step()
    step = (start - kernel.detach()) / 0.1
    left, _, right = torch.linalg.svd(gradient.reshape(32, -1), full_matrices=False)
    wanted = (left @ right) * 0.2 * 288**0.5
    assert torch.nn.functional.cosine_similarity(step.flatten(), wanted.flatten(), dim=0) > 0.95
    assert float(step.square().mean().sqrt()) == pytest.approx(0.2, rel=0.2)


def test_everything_else_moves_exactly_as_with_adamw() -> None:
    ours, theirs = parameter_of(20), parameter_of(20)
    muon = Muon(
        [{"params": [ours], "role": "vector"}], adam_lr=0.01, betas=(0.8, 0.95), weight_decay=0.1
    )
    adamw = torch.optim.AdamW([theirs], lr=0.01, betas=(0.8, 0.95), eps=1e-8, weight_decay=0.1)
    for gradient in gradients_of(ours, 20):
        ours.grad, theirs.grad = gradient.clone(), gradient.clone()
        muon.step()
        adamw.step()
    torch.testing.assert_close(ours, theirs)


def test_without_roles_the_dimensions_decide() -> None:
    optimizer = Muon([parameter_of(4, 4), parameter_of(4)], lr=0.1, adam_lr=0.2)
    assert [(group["role"], group["lr"]) for group in optimizer.param_groups] == [
        (HIDDEN, 0.1),
        ("other", 0.2),
    ]


def test_a_restored_optimizer_goes_on_alike() -> None:
    kernels = [parameter_of(8, 4, 3, 3), parameter_of(8, 4, 3, 3)]
    optimizers = [Muon([{"params": [kernel], "role": HIDDEN}]) for kernel in kernels]
    gradients = gradients_of(kernels[0], 6)
    for gradient in gradients[:3]:
        kernels[0].grad = gradient.clone()
        optimizers[0].step()
    kernels[1].data.copy_(kernels[0].data)
    optimizers[1].load_state_dict(copy.deepcopy(optimizers[0].state_dict()))
    for gradient in gradients[3:]:
        for kernel, optimizer in zip(kernels, optimizers, strict=True):
            kernel.grad = gradient.clone()
            optimizer.step()
    assert torch.equal(*kernels)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"lr": -1.0}, "learning rate: -1.0"),
        ({"adam_lr": -1.0}, "adam_lr: -1.0"),
        ({"momentum": 1.0}, "momentum: 1.0"),
        ({"betas": (0.9, 2.0)}, r"betas\[1\]: 2.0"),
        ({"weight_decay": -0.1}, "weight_decay: -0.1"),
    ],
)
def test_numbers_out_of_range_are_refused(changes: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Muon([parameter_of(2, 2)], **changes)  # type: ignore[arg-type]
