"""The convolution of the networks: on a CPU by the kernels, and torch's in all other cases."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from lzp.net import LeelaNet, convolution
from lzp.net.convolution import BoardConv2d
from lzp.winograd.batches import convolve_boards

pytestmark = pytest.mark.compiled


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that grows with each call of the kernels."""
    made: list[int] = []

    def counting(*words):
        made.append(len(words))
        return convolve_boards(*words)

    monkeypatch.setattr(convolution, "convolve_boards", counting)
    return made


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize(("planes", "filters"), [(18, 32), (32, 32), (16, 48)])
def test_results_and_gradients_are_torchs(calls, planes, filters, layout) -> None:
    torch.manual_seed(planes)
    ours = BoardConv2d(planes, filters, 3)
    x = torch.randn(5, planes, 9, 9).contiguous(memory_format=layout).requires_grad_()
    slopes = torch.randn(5, filters, 9, 9)
    found = ours(x)
    found.backward(slopes)
    assert calls
    twin, weight = (t.detach().double().requires_grad_() for t in (x, ours.weight))
    expected = F.conv2d(twin, weight, padding=1)
    expected.backward(slopes.double())
    for here, there in ((found, expected), (x.grad, twin.grad), (ours.weight.grad, weight.grad)):
        assert here is not None
        torch.testing.assert_close(here.double(), there, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    ("planes", "filters", "size", "kind"),
    [(18, 24, 3, torch.float32), (18, 32, 1, torch.float32), (18, 32, 3, torch.float64)],
)
def test_torch_does_what_the_kernels_cannot(calls, planes, filters, size, kind) -> None:
    ours = BoardConv2d(planes, filters, size).to(kind)
    x = torch.randn(2, planes, 9, 9, dtype=kind)
    torch.testing.assert_close(ours(x), F.conv2d(x, ours.weight, padding=size // 2))
    with torch.autocast("cpu", torch.bfloat16):
        assert BoardConv2d(18, 32, 3)(torch.randn(2, 18, 9, 9)).dtype == torch.bfloat16
    assert not calls


def test_a_network_learns_the_same_with_and_without(monkeypatch: pytest.MonkeyPatch) -> None:
    def train(*, is_quick: bool) -> list[float]:
        monkeypatch.setattr(convolution, "IS_COMPILED", is_quick)
        torch.manual_seed(1)
        net = LeelaNet(2, 16, 9)
        planes, target = torch.rand(8, 18, 9, 9).round(), torch.randint(0, 82, (8,))
        optimizer = torch.optim.SGD(net.parameters(), 0.05)
        losses = []
        for _ in range(10):
            loss = F.cross_entropy(net(planes).policy_logits, target)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return losses

    quick, slow = train(is_quick=True), train(is_quick=False)
    assert quick[-1] < quick[0] - 0.1
    assert quick == pytest.approx(slow, rel=1e-3)


def test_weights_have_the_names_they_always_had() -> None:
    assert isinstance(LeelaNet(1, 16, 9).input.conv, nn.Conv2d)
    assert set(BoardConv2d(18, 32, 3).state_dict()) == {"weight"}
