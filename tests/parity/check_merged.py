"""Opens an exported checkpoint with transformers and compares it with base + adapter as transformers and peft compute them.

    tunesmith export --model BASE --adapter ADAPTER --format merged --export_dtype float32 --output MERGED
    python check_merged.py --base BASE --adapter ADAPTER --merged MERGED [--load_in_4bit]

Both compute in float64. Passes if the logits differ by at most TOLERANCE_FACTOR times what float32 explains, or, of an
export in 16 bits, what rounding each weight to its dtype explains. Exit code 0 if so, 1 if not.
"""

import argparse
import math
import sys
from pathlib import Path

import torch
from gguf import GGUFReader
from peft import PeftModel
from safetensors import safe_open
from transformers import AutoModelForCausalLM, AutoTokenizer

import reference

ROUNDING = {torch.float32: 2**-24, torch.float16: 2**-11, torch.bfloat16: 2**-8}


def logits_of(model, input_ids):
    with torch.no_grad():
        return model(input_ids=input_ids, use_cache=False).logits[0]


def load(folder, load_in_4bit, gguf, config):
    # transformers passes over rope_freqs.weight of a GGUF file, which stands in the exported config.json.
    if gguf:
        model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=gguf, config=config, dtype=torch.float32).eval()
        # A quantised embedding or head is unpacked to float16 here.
        quantised = {t.name for t in GGUFReader(folder / gguf).tensors if t.tensor_type.name not in ("F32", "F16", "BF16")}
        parts = {"token_embd.weight": model.get_input_embeddings(), "output.weight": model.get_output_embeddings()}
        for name in quantised & parts.keys():
            parts[name].weight.data = parts[name].weight.data.half().float()
        return model
    return reference.load_base(folder, load_in_4bit)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", type=Path, required=True, help="folder of the base model, or a .gguf file")
    parser.add_argument("--adapter", type=Path, required=True, help="PEFT folder")
    parser.add_argument("--merged", type=Path, required=True, help="exported folder")
    parser.add_argument("--load_in_4bit", action="store_true", help="NF4 with double quantisation, as bitsandbytes")
    arguments = parser.parse_args()

    stored = AutoModelForCausalLM.from_pretrained(arguments.merged, dtype="auto")
    dtype = stored.dtype
    merged = reference.to_float64(stored.float().eval())
    AutoTokenizer.from_pretrained(arguments.merged)

    gguf = arguments.base.name if arguments.base.suffix == ".gguf" else None
    base = load(arguments.base.parent if gguf else arguments.base, arguments.load_in_4bit, gguf, stored.config)
    base = reference.to_float64(base)
    vocabulary = base.config.vocab_size
    input_ids = torch.tensor([[(i * 7919 + 3) % vocabulary for i in range(16)]])
    alone = logits_of(base, input_ids)
    tuned = logits_of(PeftModel.from_pretrained(base, arguments.adapter).eval().double(), input_ids)

    files = sorted(arguments.merged.glob("*.safetensors"))
    names = [name for file in files for name in safe_open(file, "pt").keys()]
    if len(names) != len(set(names)) or (base.config.tie_word_embeddings and "lm_head.weight" in names):
        print(f"{arguments.merged} stores a weight twice")
        return 1
    matrices = sum(1 for name, p in merged.named_parameters() if p.ndim == 2)
    each = ROUNDING[dtype] * (reference.TOLERANCE_FACTOR if dtype == torch.float32 else 1)
    allowed = math.sqrt(matrices) * each * tuned.abs().max().item()
    error, effect = (reference.max_error(a.double(), tuned) for a in (logits_of(merged, input_ids), alone))
    print(f"max abs difference {error:.3g} (allowed {allowed:.3g}; the adapter changes logits by {effect:.3g}; {dtype})")
    return 0 if error <= allowed else 1  # a NaN is not at most anything


if __name__ == "__main__":
    sys.exit(main())
