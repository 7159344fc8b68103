"""Writes tests/parity/fixtures/dora: DoRA adapters over models of make_fixtures.py, computed as those. See README.md."""

import shutil
from pathlib import Path

import make_fixtures
import reference
from families import FAMILIES

# Biases, rank 6 and rsLoRA.
BASES = ["qwen2"]


def main():
    fixtures = Path(__file__).parent / "fixtures"
    for base in BASES:
        folder = fixtures / "dora" / base
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        family = FAMILIES[base]
        load = lambda _, load_in_4bit: reference.load_base(fixtures / base, load_in_4bit)
        family = family | {"lora": family["lora"] | {"use_dora": True}, "load": load}
        make_fixtures.write_expected(folder, family, make_fixtures.write_adapter(folder, family), None)
        print(f"dora/{base}: {sum(f.stat().st_size for f in folder.rglob('*') if f.is_file()):,} bytes")


if __name__ == "__main__":
    main()
