"""NF4 with blocks of 64, as the page holds the linear weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from bitsandbytes import functional as bnb
from torch import nn

BLOCK = 64
CODE = bnb.get_4bit_type("nf4", device="cpu").float()
MIDDLES = (CODE[1:] + CODE[:-1]) / 2


def nf4_round_trip(weight: torch.Tensor) -> torch.Tensor:
    """What is left of a weight after bitsandbytes' NF4 with double quantisation."""
    packed, state = bnb.quantize_4bit(weight.float().contiguous(), blocksize=BLOCK, compress_statistics=True, quant_type="nf4")
    return bnb.dequantize_4bit(packed, state).to(weight.dtype)


def layer_linears(model: nn.Module) -> list[nn.Linear]:
    """The linears of the blocks, which are the ones that get quantised; the tied head is not."""
    return [m for name, m in model.named_modules() if isinstance(m, nn.Linear) and ".layers." in name]


@torch.no_grad()
def quantise_linears(model: nn.Module) -> None:
    for linear in layer_linears(model):
        linear.weight.copy_(nf4_round_trip(linear.weight))


@contextmanager
def through_nf4(model: nn.Module) -> Iterator[None]:
    """Inside, the linears hold their weights rounded to NF4; gradients found there belong to the unrounded ones, which
    are back afterwards (straight-through estimation). The absmax of a block is not quantised here."""
    linears = layer_linears(model)
    kept = [linear.weight.data for linear in linears]
    for linear in linears:
        blocks = linear.weight.data.reshape(-1, BLOCK)
        absmax = blocks.abs().amax(dim=1, keepdim=True).clamp_min(1e-12)
        linear.weight.data = (CODE[torch.bucketize(blocks / absmax, MIDDLES)] * absmax).reshape(linear.weight.shape)
    try:
        yield
    finally:
        for linear, weight in zip(linears, kept):
            linear.weight.data = weight
