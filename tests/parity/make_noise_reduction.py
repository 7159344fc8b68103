"""Writes tests/parity/fixtures/noise_reduction.json: NoRM (Jiang et al., ICLR 2025) of the adapters of make_fixtures.py.

Written from the paper: the singular value decomposition of each module's B A, cut to the share of the rank whose left
singular vectors are most like those of the base's weight. The similarity is that of Hu et al. 2021, section G:
||U_c^T U_W||_F^2 / min(c, r). In float64, with whole decompositions. See README.md.
"""

import json
import math
from pathlib import Path

import torch
from safetensors.torch import load_file

FOLDER = Path(__file__).parent / "fixtures"
# Biases, rank 6; groups of key and value heads; norms of queries and keys.
MODELS = ["qwen2", "llama", "qwen3"]
PREFIX = "base_model.model."


def reduced(W, A, B):
    rank = A.shape[0]
    base = torch.linalg.svd(W, full_matrices=False)[0][:, :rank]
    U, S, V = torch.linalg.svd(B @ A, full_matrices=False)
    best = None
    for tenths in range(1, 11):
        kept = max(1, math.floor(tenths * rank / 10))
        similarity = (U[:, :kept].T @ base).square().sum().item() / min(kept, rank)
        if best is None or similarity > best[1]:
            best = (kept, similarity)
    kept, similarity = best
    change = (U[:, :kept] * S[:kept]) @ V[:kept]
    return {"rank": kept, "similarity": similarity, "norm": change.norm().item(), "corner": change[:2, :3].tolist()}


def main():
    written = {}
    for name in MODELS:
        weights = load_file(FOLDER / name / "model.safetensors")
        adapter = load_file(FOLDER / name / "adapter" / "adapter_model.safetensors")
        modules = {}
        for key in sorted(adapter):
            if ".lora_A." not in key:
                continue
            path = key.removeprefix(PREFIX).removesuffix(".lora_A.weight")
            A, B = adapter[key].double(), adapter[key.replace("lora_A", "lora_B")].double()
            modules[path] = reduced(weights[f"{path}.weight"].double(), A, B)
        written[name] = modules
    (FOLDER / "noise_reduction.json").write_text(json.dumps(written, indent=1) + "\n")


if __name__ == "__main__":
    main()
