"""Writes tests/parity/fixtures/loftq.json: PEFT's LoftQ start of one iteration over a model of make_fixtures.py.

PEFT's `loftq_init` asks for a GPU; this calls its two parts, bitsandbytes' NF4 and PEFT's decomposition, on the CPU.
"""

import json
from pathlib import Path

import bitsandbytes.functional as F
import torch
from peft.utils.loftq_utils import _low_rank_decomposition
from safetensors.torch import load_file

FOLDER = Path(__file__).parent / "fixtures"
MODEL = "qwen2"
PREFIX = "base_model.model."


def main():
    weights = load_file(FOLDER / MODEL / "model.safetensors")
    adapter = load_file(FOLDER / MODEL / "adapter" / "adapter_model.safetensors")
    written = {}
    for key in sorted(adapter):
        if ".lora_A." not in key:
            continue
        path = key.removeprefix(PREFIX).removesuffix(".lora_A.weight")
        W = weights[f"{path}.weight"].float()
        quantised, state = F.quantize_4bit(W, blocksize=64, quant_type="nf4", compress_statistics=False)
        error = W - F.dequantize_4bit(quantised, state)
        found = _low_rank_decomposition(error, reduced_rank=adapter[key].shape[0])
        left = error.double() - found["L"].double() @ found["R"].double()
        written[path] = {
            "error": error.double().norm().item(),
            "left": left.norm().item(),
            "values": found["S"][: adapter[key].shape[0]].tolist(),
        }
    (FOLDER / "loftq.json").write_text(json.dumps(written, indent=1) + "\n")


if __name__ == "__main__":
    main()
