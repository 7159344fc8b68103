"""Writes fixtures/ggml_encoded.json: weights, and their bytes as ggml's own reference encodes them.

    npm pack @node-llama-cpp/linux-x64@3.21.1 && tar xzf node-llama-cpp-linux-x64-3.21.1.tgz
    python -m venv venv && venv/bin/pip install numpy==2.4.6
    venv/bin/python tests/unit/formats/make_ggml_fixtures.py package/bins/linux-x64/libggml-base.so

`cases` holds small inputs and outputs as base64. `many` holds the SHA-256 of the outputs for the larger input that
`many_values` computes; the unit test computes the same.
"""

import base64
import ctypes
import hashlib
import json
import sys
from pathlib import Path

import numpy as np

NUMBERS = {
    "F32": 0, "F16": 1, "Q4_0": 2, "Q4_1": 3, "Q5_0": 6, "Q5_1": 7, "Q8_0": 8,
    "Q4_K": 12, "Q5_K": 13, "Q6_K": 14, "BF16": 30,
}  # fmt: skip
COLUMNS = 256

ggml = ctypes.CDLL(sys.argv[1])
ggml.ggml_quantize_chunk.restype = ctypes.c_size_t
ggml.ggml_quantize_chunk.argtypes = [
    ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p,
]  # fmt: skip


def encode(name, values):
    """The bytes of rows of COLUMNS values."""
    values = np.ascontiguousarray(values, np.float32)
    space = np.zeros(values.nbytes, np.uint8)
    pointers = values.ctypes.data, space.ctypes.data
    size = ggml.ggml_quantize_chunk(NUMBERS[name], *pointers, 0, values.size // COLUMNS, COLUMNS, None)
    return space[:size].tobytes()


def many_values(count):
    """Sums of four uniform numbers, with the integers of a linear congruential generator; every 4,096 of another size."""
    state = 1
    values = np.empty(count)
    for i in range(count):
        total = 0
        for _ in range(4):
            state = (state * 1664525 + 1013904223) % 2**32
            total += state >> 8
        values[i] = (total / 2**24 - 2) * 2.0 ** (i // 4096 - 8)
    return values.astype(np.float32)


def cases():
    rng = np.random.default_rng(5)
    normal = rng.standard_normal(COLUMNS)
    grid = np.arange(COLUMNS) % 32
    outlier = normal * 1e-3
    outlier[77] = 40
    spread = normal * 10.0 ** rng.integers(-6, 3, COLUMNS)
    one_group = np.zeros(COLUMNS)
    one_group[64:96] = normal[:32]
    rows_apart = np.where(np.arange(COLUMNS) < 128, normal, normal * 1e-7)
    return {
        "normal": normal * 0.02,
        "zeros": np.zeros(COLUMNS),
        "negative zeros": -np.zeros(COLUMNS),
        "a constant": np.full(COLUMNS, 0.7),
        "a negative constant": np.full(COLUMNS, -0.7),
        "an outlier": outlier,
        "denormals": normal * 1e-40,
        "a reciprocal that overflows": normal * 1e-38,
        "values that ggml calls zero": normal * 1e-16,
        "values just above": normal * 3e-15,
        "scales lost in half precision": normal * 1e-6,
        "scales partly lost in half precision": normal * 1e-4,
        "negative only": -np.abs(normal),
        "positive only": np.abs(normal) + 0.1,
        "ties": (grid - 16) / 2,
        "ties of 127": np.where(grid == 0, 127, (grid - 15.5) * 1),
        "an exact grid": (grid % 16) * 0.25 - 2,
        "two values": np.where(normal > 0, 0.5, -0.25),
        "far from zero": 900 + normal * 1e-3,
        "of every size": spread,
        "one group": one_group,
        "groups far apart": rows_apart,
        "large": normal * 1e4,
    }


def main():
    result = {"cases": {}, "many": {}}
    base64_of = lambda content: base64.b64encode(content).decode()
    for label, values in cases().items():
        values = values.astype(np.float32)
        outputs = {name: base64_of(encode(name, values)) for name in NUMBERS if name != "F32"}
        result["cases"][label] = {"values": base64_of(values.tobytes()), **outputs}
    many = many_values(65536)
    for name in NUMBERS:
        result["many"][name] = hashlib.sha256(encode(name, many)).hexdigest()
    path = Path(__file__).parent / "fixtures" / "ggml_encoded.json"
    path.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
