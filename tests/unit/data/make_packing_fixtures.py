"""Writes fixtures/packing.json: how TRL packs examples of given lengths, and how transformers groups them by length.

    python -m venv venv && venv/bin/pip install trl==1.16.0 transformers==5.23.0 torch
    venv/bin/python tests/unit/data/make_packing_fixtures.py
"""

import json
import random
from pathlib import Path

import torch
from datasets import Dataset
from transformers.trainer_pt_utils import get_length_grouped_indices
from trl import pack_dataset

SIZES = [(1, 8), (5, 8), (40, 16), (120, 37)]


def packed(lengths, size, strategy):
    """The bins: for each the parts [example, first token, token after the last] in their order."""
    tokens = [[(example << 16) + token for token in range(length)] for example, length in enumerate(lengths)]
    bins = pack_dataset(Dataset.from_dict({"input_ids": tokens}), size, strategy)["input_ids"]
    return [parts_of(ids) for ids in bins]


def parts_of(ids):
    parts = []
    for id_ in ids:
        example, token = id_ >> 16, id_ & 0xFFFF
        if parts and parts[-1][0] == example and parts[-1][2] == token:
            parts[-1][2] += 1
        else:
            parts.append([example, token, token + 1])
    return parts


def packings(rng):
    for count, size in SIZES:
        lengths = [rng.randint(2, size * 5 // 4 if index % 5 else size * 3) for index in range(count)]
        bins = {strategy: packed(lengths, size, strategy) for strategy in ("bfd", "bfd_split", "wrapped")}
        yield {"lengths": lengths, "size": size, "bins": bins}


def groups(rng):
    for count, batch in [(1, 2), (7, 2), (61, 4), (230, 1)]:
        lengths = [rng.randint(2, 60) for _ in range(count)]
        order = torch.randperm(count, generator=torch.Generator().manual_seed(count)).tolist()
        generator = torch.Generator().manual_seed(count)
        grouped = get_length_grouped_indices(lengths, batch, generator=generator)
        yield {"lengths": lengths, "batch": batch, "order": order, "grouped": grouped}


def main():
    rng = random.Random(12)
    cases = {"packings": list(packings(rng)), "groups": list(groups(rng))}
    path = Path(__file__).parent / "fixtures" / "packing.json"
    path.write_text(json.dumps(cases, separators=(",", ":")) + "\n")


main()
