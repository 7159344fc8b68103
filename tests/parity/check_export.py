"""Loads an exported adapter with peft over its base and compares logits with those that Tunesmith computed.

    tunesmith logits --model BASE --adapter ADAPTER --load_in_4bit false --input_ids 5,17,42 --output logits.safetensors
    python check_export.py --base BASE --adapter ADAPTER --input_ids 5,17,42 --logits logits.safetensors

Passes where they err, against float64, at most TOLERANCE_FACTOR times as much as PyTorch's own float32.
Exit code 0 if so, 1 if not, 2 where files or arguments don't fit together.
"""

import argparse
import sys
from pathlib import Path

import torch
from peft import PeftModel
from safetensors.torch import load_file

import reference


def logits_of(base, adapter, load_in_4bit, input_ids, exact):
    model = reference.load_base(base, load_in_4bit)
    model = reference.to_float64(model) if exact else model
    if adapter:
        model = PeftModel.from_pretrained(model, adapter).eval()
        model = model.double() if exact else model
    with torch.no_grad():
        return model(input_ids=torch.tensor([input_ids]), use_cache=False).logits[0]


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", type=Path, required=True, help="folder of the base model")
    parser.add_argument("--adapter", type=Path, help="PEFT folder; without it the base alone is compared")
    parser.add_argument("--logits", type=Path, required=True, help="safetensors file with f32 `logits` [tokens, vocab]")
    parser.add_argument("--input_ids", required=True, help="comma-separated token ids that the logits are for")
    parser.add_argument("--load_in_4bit", action="store_true", help="NF4 with double quantisation, as bitsandbytes")
    return parser, parser.parse_args()


def main():
    parser, arguments = parse_arguments()
    for path in (arguments.base, arguments.adapter, arguments.logits):
        if path and not path.exists():
            parser.error(f"{path} does not exist")
    input_ids = [int(i) for i in arguments.input_ids.split(",")]
    ours = load_file(arguments.logits).get("logits")
    model = (arguments.base, arguments.adapter, arguments.load_in_4bit, input_ids)
    plain, exact = logits_of(*model, exact=False), logits_of(*model, exact=True)
    if ours is None or ours.dtype != torch.float32 or ours.shape != exact.shape:
        parser.error(f"{arguments.logits} does not hold f32 `logits` {list(exact.shape)}")
    error, torch_error = reference.max_error(ours, exact), reference.max_error(plain, exact)
    allowed = reference.TOLERANCE_FACTOR * torch_error
    print(f"max abs error {error:.3g} (allowed {allowed:.3g}; PyTorch in float32 has {torch_error:.3g})")
    return 0 if error <= allowed else 1  # a NaN is not at most anything


if __name__ == "__main__":
    sys.exit(main())
