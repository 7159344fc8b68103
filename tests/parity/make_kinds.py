"""Writes tests/parity/fixtures/oft and ia3: other kinds of adapters over a model of make_fixtures.py, computed as those.
See README.md."""

import shutil
from pathlib import Path

import torch
from peft import IA3Config, OFTConfig

import make_fixtures
import reference
from families import FAMILIES

# Biases; widths of 32 and 48, which a block of 12 does not divide evenly.
BASE = "qwen2"

KINDS = {
    "oft": {
        "config": OFTConfig,
        "lora": {"oft_block_size": 12, "use_cayley_neumann": True, "num_cayley_neumann_terms": 5},
        "start": torch.zeros_like,
    },
    "ia3": {
        "config": IA3Config,
        "lora": {"feedforward_modules": ["down_proj", "gate_proj"]},
        "start": torch.ones_like,
    },
}


def main():
    fixtures = Path(__file__).parent / "fixtures"
    for name, kind in KINDS.items():
        folder = fixtures / name / BASE
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        load = lambda _, load_in_4bit: reference.load_base(fixtures / BASE, load_in_4bit)
        settings = {"finetuning_type": name}
        family = FAMILIES[BASE] | kind | {"load": load, "settings": settings}
        family["start"] = {}
        adapter = make_fixtures.write_adapter(folder, family)
        family["start"] = {tensor: kind["start"](values) for tensor, values in adapter.items()}
        make_fixtures.write_expected(folder, family, adapter, None)
        print(f"{name}/{BASE}: {sum(f.stat().st_size for f in folder.rglob('*') if f.is_file()):,} bytes")


if __name__ == "__main__":
    main()
