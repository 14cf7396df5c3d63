"""Muon: momentum whose matrices are made orthogonal before each step.

The step of a weight matrix is its momentum with all singular values set to about 1, so
that rare directions of the gradient move as far as common ones (Jordan et al. 2024,
"Muon: An optimizer for hidden layers in neural networks"). Convolutions are matrices of
[filters, inputs x 9]. Everything else is left to AdamW, inside the same optimizer, so
that one schedule and one state in the checkpoint serve both.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

import torch
from torch import Tensor
from torch.optim import Optimizer

#: Coefficients of the odd polynomial that is iterated (Jordan et al. 2024): it takes
#: singular values from (0, 1] to near 1 in five steps, 0.7 to 1.2, which is near enough.
NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
NEWTON_SCHULZ_STEPS = 5
#: Makes the root mean square of a step that of AdamW's, so that rates and decay carry over
#: (Liu et al. 2025, "Muon is Scalable for LLM Training", section 2.2).
ADAMW_RMS = 0.2

#: Value of a parameter group's key "role" for matrices that Muon steps.
HIDDEN = "hidden"


class Muon(Optimizer):
    """Steps hidden matrices by Muon and everything else by AdamW.

    Args:
        params: parameter groups as dicts. Those whose key "role" is "hidden" are Muon's;
            their parameters have two or more dimensions. Without any role, parameters
            with two or more dimensions are.
        lr: rate of Muon's steps.
        adam_lr: rate of AdamW's steps; scheduled by the same factor.
        momentum: of Muon, Nesterov's.
        betas: of AdamW.
        eps: of AdamW.
        weight_decay: decoupled, times the rate, of both.

    Raises:
        ValueError: a number out of its range.
    """

    def __init__(
        self,
        params: Any,
        *,
        lr: float = 0.01,
        adam_lr: float = 0.003,
        momentum: float = 0.95,
        betas: tuple[float, float] = (0.9, 0.99),
        eps: float = 1e-8,
        weight_decay: float = 0.02,
    ) -> None:
        for name, rate in (
            ("learning rate", lr),
            ("adam_lr", adam_lr),
            ("weight_decay", weight_decay),
        ):
            if rate < 0:
                raise ValueError(f"{name}: {rate}, expected 0 or more")
        for name, factor in (
            ("momentum", momentum),
            ("betas[0]", betas[0]),
            ("betas[1]", betas[1]),
        ):
            if not 0 <= factor < 1:
                raise ValueError(f"{name}: {factor}, expected 0 or more and less than 1")
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "betas": tuple(betas),
            "eps": eps,
            "weight_decay": weight_decay,
        }
        super().__init__(_by_role(params), defaults)
        for group in self.param_groups:
            if group["role"] != HIDDEN:
                group["lr"] = adam_lr

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Take one step; see `torch.optim.Optimizer.step`."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            take = self._step_hidden if group["role"] == HIDDEN else self._step_adam
            if parameters := [p for p in group["params"] if p.grad is not None]:
                take(parameters, [cast(Tensor, p.grad) for p in parameters], group)
        return loss

    def _step_hidden(
        self, parameters: list[Tensor], gradients: list[Tensor], group: dict[str, Any]
    ) -> None:
        averages = self._kept("momentum", parameters)
        torch._foreach_lerp_(averages, gradients, 1 - group["momentum"])
        ahead = torch._foreach_lerp(gradients, averages, group["momentum"])
        torch._foreach_mul_(parameters, 1 - group["lr"] * group["weight_decay"])
        for places in _of_one_shape(parameters):
            matrices = orthogonalized(torch.stack([ahead[i].flatten(1) for i in places]))
            rate = group["lr"] * ADAMW_RMS * max(matrices.shape[1:]) ** 0.5
            for i, matrix in zip(places, matrices, strict=True):
                step = matrix.reshape(parameters[i].shape).to(parameters[i].dtype)
                parameters[i].sub_(step, alpha=rate)

    def _step_adam(
        self, parameters: list[Tensor], gradients: list[Tensor], group: dict[str, Any]
    ) -> None:
        means, squares = (self._kept(name, parameters) for name in ("mean", "square"))
        steps = [self._count_step(parameter) for parameter in parameters]
        first, second = group["betas"]
        torch._foreach_lerp_(means, gradients, 1 - first)
        torch._foreach_lerp_(squares, torch._foreach_mul(gradients, gradients), 1 - second)
        deviations = torch._foreach_div(squares, [1 - second**step for step in steps])
        torch._foreach_sqrt_(deviations)
        torch._foreach_add_(deviations, group["eps"])
        torch._foreach_mul_(parameters, 1 - group["lr"] * group["weight_decay"])
        rates = [-group["lr"] / (1 - first**step) for step in steps]
        torch._foreach_addcdiv_(parameters, means, deviations, rates)

    def _kept(self, name: str, parameters: list[Tensor]) -> list[Tensor]:
        """Return what the state keeps under a name of each parameter, at first zeros."""
        for parameter in parameters:
            if name not in self.state[parameter]:
                self.state[parameter][name] = torch.zeros_like(parameter)
        return [self.state[parameter][name] for parameter in parameters]

    def _count_step(self, parameter: Tensor) -> float:
        """Return the number of a parameter's step, counted from 1, and keep it."""
        step = self.state[parameter].setdefault("step", torch.zeros(()))
        step += 1
        return float(step)


def orthogonalized(matrix: Tensor) -> Tensor:
    """Return a matrix of the same singular vectors whose singular values are near 1.

    Args:
        matrix: float [..., rows, columns], one or several; computed in float32.
    """
    first, second, third = NEWTON_SCHULZ
    x = matrix.float()
    tall = x.shape[-2] > x.shape[-1]
    x = x.mT if tall else x
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(NEWTON_SCHULZ_STEPS):
        square = x @ x.mT
        x = first * x + (second * square + third * square @ square) @ x
    return x.mT if tall else x


def _of_one_shape(tensors: Sequence[Tensor]) -> Iterable[list[int]]:
    """Return the places of the tensors of each shape: those take their step together.

    On a GPU thirty small matrices one by one take longer than the network's own step.
    """
    places: dict[torch.Size, list[int]] = {}
    for i, tensor in enumerate(tensors):
        places.setdefault(tensor.shape, []).append(i)
    return places.values()


def _by_role(params: Any) -> list[dict[str, Any]]:
    """Return parameter groups that all have a role."""
    groups = [dict(g) if isinstance(g, dict) else {"params": [g]} for g in params]
    named = []
    for group in groups:
        if "role" in group:
            named.append(group)
            continue
        parameters = list(group["params"])
        hidden = [p for p in parameters if p.ndim > 1]
        other = [p for p in parameters if p.ndim <= 1]
        named += [{**group, "params": hidden, "role": HIDDEN}] if hidden else []
        named += [{**group, "params": other, "role": "other"}] if other else []
    return named
