"""Writes fixtures/safetensors_reference.json: a file as the reference writer makes it.

    python -m venv venv && venv/bin/pip install safetensors==0.8.0 numpy==2.4.6
    venv/bin/python tests/unit/formats/make_safetensors_fixture.py
"""

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save

tensors = {
    "model.b.weight": np.arange(6, dtype=np.float32).reshape(2, 3),
    "model.a.weight": np.arange(5, dtype=np.float16),
    "model.a.bias": np.arange(3, dtype=np.float32) / 7,
    'odd "name" \u00e9\n\x01': np.array(3.5, dtype=np.float32),
    "mask": np.array([True, False, True]),
    "bytes": np.arange(7, dtype=np.uint8),
    "ids": np.array([2**40, -1], dtype=np.int64),
    "empty": np.zeros((0, 4), dtype=np.float16),
}
names = {"float32": "F32", "float16": "F16", "uint8": "U8", "int64": "I64", "bool": "BOOL"}
metadata = {"format": "pt"}
fixture = {
    "metadata": metadata,
    "tensors": [
        {"name": name, "dtype": names[t.dtype.name], "shape": list(t.shape), "hex": t.tobytes().hex()}
        for name, t in tensors.items()
    ],
    "file": save(tensors, metadata).hex(),
}
path = Path(__file__).parent / "fixtures" / "safetensors_reference.json"
path.write_text(json.dumps(fixture, indent=1) + "\n")
