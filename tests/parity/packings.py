"""4-bit weights as GPTQ and AWQ publish them, by rounding to the nearest: what is packed, and its exact values."""

import torch


def quantize(weight, group_size, symmetric, group_of):
    """weight [out, in] → codes [in, out], scales [groups, out] (float16), zeros [groups, out] (0 to 15)."""
    out, size = weight.shape
    groups = size // group_size
    scales, zeros = torch.empty(groups, out, dtype=torch.float16), torch.empty(groups, out, dtype=torch.int64)
    for group in range(groups):
        columns = weight[:, group_of == group]
        low, high = columns.amin(1).clamp(max=0), columns.amax(1).clamp(min=0)
        if symmetric:
            scales[group], zeros[group] = 2 * columns.abs().amax(1) / 15, 8
        else:
            scales[group] = (high - low) / 15
            zeros[group] = (-low / scales[group].float()).round().clamp(1, 15)
    codes = (weight.T / scales.float()[group_of] + zeros[group_of]).round().clamp(0, 15).long()
    return codes, scales, zeros


def dequantize(codes, scales, zeros, group_of):
    """[out, in] in float32; the products are exact in float64."""
    return (scales.double()[group_of] * (codes - zeros[group_of])).T.float().contiguous()


def pack(nibbles, axis, order=range(8)):
    """Eight neighbours along `axis` to an int32, the one at order[i] in bits 4 i to 4 i + 3."""
    parts = nibbles.unflatten(axis, (-1, 8)).unbind(axis + 1)
    words = sum(parts[index] << (4 * place) for place, index in enumerate(order))
    return torch.where(words >= 2**31, words - 2**32, words).to(torch.int32).contiguous()


def gptq(weight, group_size, symmetric, act_order, first_layout, random):
    """A linear layer's tensors in AutoGPTQ's layout, and the values that they stand for. The first layout stores zeros
    less one. With `act_order` each column names its group, here by lot."""
    size = weight.shape[1]
    group_of = torch.arange(size) // group_size
    if act_order:
        group_of = group_of[torch.randperm(size, generator=random)]
    codes, scales, zeros = quantize(weight, group_size, symmetric, group_of)
    tensors = {
        "qweight": pack(codes, 0),
        "qzeros": pack(zeros - 1 if first_layout else zeros, 1),
        "scales": scales,
        "g_idx": group_of.to(torch.int32),
    }
    return tensors, dequantize(codes, scales, zeros, group_of)


AWQ_ORDER = (0, 2, 4, 6, 1, 3, 5, 7)


def awq(weight, group_size):
    """The same in AutoAWQ's layout "gemm"."""
    group_of = torch.arange(weight.shape[1]) // group_size
    codes, scales, zeros = quantize(weight, group_size, False, group_of)
    tensors = {"qweight": pack(codes, 1, AWQ_ORDER), "qzeros": pack(zeros, 1, AWQ_ORDER), "scales": scales}
    return tensors, dequantize(codes, scales, zeros, group_of)
