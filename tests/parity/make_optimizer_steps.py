"""Writes tests/parity/fixtures/optimizers/steps.*: parameters after steps of bitsandbytes', transformers', torch's and
schedulefree's optimisers. Gradients are those of make_optimizers.py. See README.md."""

import json
from pathlib import Path

import bitsandbytes as bnb
import torch
from bitsandbytes.backends.cpu import ops as bnb_cpu
from safetensors.torch import save_file
from schedulefree import AdamWScheduleFree
from torch.optim import _muon
from transformers import Adafactor

from make_optimizers import gradient

OUTPUT = Path(__file__).parent / "fixtures" / "optimizers"
SETTINGS = {"learning_rate": 1e-2, "adam_beta1": 0.9, "adam_beta2": 0.99, "adam_epsilon": 1e-8, "weight_decay": 0.1}
# Wide, tall, a vector, and one from which moments have 8 bits.
SHAPES = {"wide": [6, 100], "tall": [90, 3], "vector": [77], "large": [66, 63]}
STEPS = 20
WARMUP = 4
ADAM = {
    "lr": SETTINGS["learning_rate"],
    "betas": (SETTINGS["adam_beta1"], SETTINGS["adam_beta2"]),
    "weight_decay": SETTINGS["weight_decay"],
}


def shaped(index, step, shape):
    rows = shape if len(shape) == 2 else [1, *shape]
    return gradient(index, step, rows).view(shape)


def newton_schulz(matrix, coefficients, steps, eps):
    """Muon's orthogonalisation as its authors describe it, in the matrix' own precision; torch computes it in bfloat16."""
    a, b, c = coefficients
    wide = matrix.T if matrix.size(0) > matrix.size(1) else matrix
    x = wide / wide.norm().clamp(min=eps)
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.T if matrix.size(0) > matrix.size(1) else x


def nearest(values, code, absmax_out, out, blocksize):
    """The nearest code, as bitsandbytes' CUDA kernels round; see make_optimizers.py."""
    n = values.numel()
    flat = torch.nn.functional.pad(values.flatten(), (0, -n % blocksize)).view(-1, blocksize)
    absmax = flat.abs().amax(1)
    codes = torch.bucketize(flat / absmax.clamp(min=1.2e-38)[:, None], (code[:-1] + code[1:]) / 2).to(torch.uint8)
    out.copy_(codes.flatten()[:n].view(values.shape))
    absmax_out.copy_(absmax)


def muon(adjust):
    def make(parameters):
        matrices = [p for p in parameters if p.ndim == 2]
        rest = [p for p in parameters if p.ndim != 2]
        values = {"lr": SETTINGS["learning_rate"], "weight_decay": SETTINGS["weight_decay"]}
        return [
            torch.optim.Muon(matrices, **values, adjust_lr_fn=adjust),
            torch.optim.AdamW(rest, **ADAM, eps=SETTINGS["adam_epsilon"]),
        ]

    return make


def schedule_free(parameters):
    optimizer = AdamWScheduleFree(parameters, **ADAM, eps=SETTINGS["adam_epsilon"], warmup_steps=WARMUP)
    optimizer.train()
    return [optimizer]


RUNS = {
    "lion_32bit": lambda parameters: [bnb.optim.Lion(parameters, **ADAM)],
    "lion_8bit": lambda parameters: [bnb.optim.Lion8bit(parameters, **ADAM)],
    "adafactor": lambda parameters: [
        Adafactor(
            parameters,
            lr=SETTINGS["learning_rate"],
            weight_decay=SETTINGS["weight_decay"],
            scale_parameter=False,
            relative_step=False,
        )
    ],
    "muon.match_rms_adamw": muon("match_rms_adamw"),
    "muon.original": muon("original"),
    "schedule_free_adamw": schedule_free,
}


def run(make, dtype):
    parameters = {
        name: torch.nn.Parameter(shaped(index, 1000, shape).to(dtype)) for index, (name, shape) in enumerate(SHAPES.items())
    }
    optimizers = make(list(parameters.values()))
    for step in range(1, STEPS + 1):
        for index, parameter in enumerate(parameters.values()):
            parameter.grad = shaped(index, step, list(parameter.shape)).to(dtype)
        for optimizer in optimizers:
            optimizer.step()
    result = {name: parameter.detach().clone() for name, parameter in parameters.items()}
    if isinstance(optimizers[0], AdamWScheduleFree):
        optimizers[0].eval()
        result |= {f"{name}.use": parameter.detach().clone() for name, parameter in parameters.items()}
    return result


def main():
    _muon._zeropower_via_newtonschulz = newton_schulz
    bnb_cpu._quant_blockwise_fp32_direct = nearest
    tensors, errors = {}, {}
    for name, make in RUNS.items():
        plain = run(make, torch.float32)
        # bitsandbytes has no float64.
        exact = plain if name.startswith("lion") else run(make, torch.float64)
        errors[name] = max((plain[key].double() - exact[key].double()).abs().max().item() for key in plain)
        tensors |= {f"{name}.{key}": value.float().contiguous() for key, value in exact.items()}
    print(errors)
    save_file(tensors, OUTPUT / "steps.safetensors")
    expected = {"settings": SETTINGS, "shapes": SHAPES, "steps": STEPS, "warmup": WARMUP, "torch_error": errors}
    (OUTPUT / "steps.json").write_text(json.dumps(expected, indent=2) + "\n")


if __name__ == "__main__":
    main()
