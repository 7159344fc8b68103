"""Writes fixtures/nf4.json: what bitsandbytes makes of the inputs that nf4_inputs.ts generates as well.

    python -m venv venv && venv/bin/pip install torch==2.15.0 bitsandbytes==0.50.2 numpy==2.4.6
    venv/bin/python tests/unit/formats/make_nf4_fixtures.py

Large results are kept as SHA-256, small ones whole. CPU, one thread, x86-64.
"""

import hashlib
import json
from pathlib import Path

import bitsandbytes
import bitsandbytes.functional as F
import numpy as np
import torch

torch.set_num_threads(1)
f32 = np.float32


def pcg4d(a, b, c, d):
    v = [np.asarray(x, dtype=np.uint32) * np.uint32(1664525) + np.uint32(1013904223) for x in (a, b, c, d)]

    def mix():
        v[0] = v[0] + v[1] * v[3]
        v[1] = v[1] + v[2] * v[0]
        v[2] = v[2] + v[0] * v[1]
        v[3] = v[3] + v[1] * v[2]

    mix()
    v[:] = [x ^ (x >> np.uint32(16)) for x in v]
    mix()
    return v


def bell(count, seed):
    """About normal: the sum of four uniforms, less its mean. Exact in f64, rounded to f32 once."""
    index = np.arange(count, dtype=np.uint32)
    zero = np.zeros(count, dtype=np.uint32)
    words = pcg4d(index, zero, zero + np.uint32(seed), zero)
    return (sum((w >> np.uint32(8)).astype(np.float64) for w in words) * 2.0**-24 - 2.0).astype(f32)


def to_bf16(values):
    return torch.tensor(values).bfloat16().float().numpy()


def code_midpoints():
    code = F.get_4bit_type("nf4", device="cpu").numpy()
    return (code[:-1] + code[1:]) / f32(2)


def near_thresholds(blocks, seed):
    """In every block: its absmax, then for each of 15 thresholds four values within 2 ulps of threshold x absmax."""
    scale = np.abs(bell(blocks, seed)) + f32(0.5)
    middle = np.repeat(code_midpoints(), 4)[None, :] * scale[:, None]
    nudged = (middle.view(np.int32) + np.tile([-2, -1, 0, 1], 15).astype(np.int32)[None, :]).view(f32)
    rest = np.zeros((blocks, 3), dtype=f32)
    return np.concatenate([scale[:, None], nudged, rest], axis=1).astype(f32).reshape(-1)


def with_zero_blocks(count, seed):
    values = bell(count, seed)
    values[(np.arange(count) // 64) % 3 == 1] = 0
    return values


CASES = {
    "normal": bell(1_000_000, 1),
    "bfloat16": to_bf16(bell(262_144, 2)),
    "near_thresholds": near_thresholds(4096, 3),
    "zero_blocks": with_zero_blocks(20_000, 4),
    "ragged_odd": bell(64 * 300 + 37, 5),
    "ragged_zero_tail": np.concatenate([bell(640, 6), np.zeros(5, dtype=f32)]),
    "one_value": bell(1, 7),
    "denormal": bell(6400, 8) * f32(1e-40),
    "tiny": bell(6400, 9) * f32(1e-37),
    "huge": bell(6400, 10) * f32(1e36),
    "few": bell(64 * 9, 11),
}


def digest(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def describe(values):
    tensor = torch.tensor(values)
    codes, state = F.quantize_4bit(tensor, quant_type="nf4", blocksize=64)
    double_codes, double = F.quantize_4bit(tensor, quant_type="nf4", blocksize=64, compress_statistics=True)
    assert torch.equal(codes, double_codes)
    return {
        "input": digest(values),
        "codes": digest(codes.numpy()),
        "absmax": digest(state.absmax.numpy()),
        "dequantized": digest(F.dequantize_4bit(codes, state).numpy()),
        "double_absmax": digest(double.absmax.numpy()),
        "nested_absmax": digest(double.state2.absmax.numpy()),
        "offset": float(double.offset),
        "double_dequantized": digest(F.dequantize_4bit(codes, double).numpy()),
    }


def whole(values):
    codes, state = F.quantize_4bit(torch.tensor(values), quant_type="nf4", blocksize=64, compress_statistics=True)
    return {"codes": codes.flatten().tolist(), "absmax": state.absmax.tolist()}


def blockwise(values, blocksize):
    codes, state = F.quantize_blockwise(torch.tensor(values), blocksize=blocksize)
    back = F.dequantize_blockwise(codes, state)
    return {"codes": digest(codes.numpy()), "absmax": digest(state.absmax.numpy()), "dequantized": digest(back.numpy())}


fixtures = {
    "made_with": {"bitsandbytes": bitsandbytes.__version__, "torch": torch.__version__, "numpy": np.__version__},
    "thresholds": code_midpoints().tolist(),
    "dynamic_map": F.create_dynamic_map().tolist(),
    "cases": {name: describe(values) for name, values in CASES.items()},
    "few": whole(CASES["few"]),
    "blockwise_8bit": {
        "normal": blockwise(CASES["normal"], 256),
        "zero_blocks": blockwise(CASES["zero_blocks"], 64),
        "denormal": blockwise(CASES["denormal"], 256),
    },
    "means": {str(n): torch.tensor(np.abs(bell(n, 12))).mean().item() for n in (1, 7, 8, 31, 33, 257, 5000, 32767, 200_003)},
}
path = Path(__file__).parent / "fixtures" / "nf4.json"
path.parent.mkdir(exist_ok=True)
path.write_text(json.dumps(fixtures, indent=1, allow_nan=False) + "\n")
print(path, path.stat().st_size, "bytes")
