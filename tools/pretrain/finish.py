"""Makes the demo's model of the pretrained one: trains on with the linears seen through NF4, and writes it in bf16.

    python finish.py CORPUS.jsonl PRETRAINED_DIR MODEL_DIR

The corpus should be one with another seed than the pretrained model has seen.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import time
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

from conversations import collate, encode, loss_of
from pretrain import MANNER_WEIGHT, MAX_GRAD_NORM, batches, optimiser_of
from quantise import through_nf4

SEED = 21
PEAK_LEARNING_RATE = 1.2e-3
WARM_UP_STEPS = 20


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("corpus", type=Path)
    parser.add_argument("pretrained", type=Path)
    parser.add_argument("model", type=Path)
    args = parser.parse_args()
    torch.manual_seed(SEED)
    rng = random.Random(SEED)

    tokenizer = AutoTokenizer.from_pretrained(args.pretrained)
    model = AutoModelForCausalLM.from_pretrained(args.pretrained, dtype=torch.float32)
    with args.corpus.open() as file:
        plan = batches([encode(tokenizer, json.loads(line)["messages"], MANNER_WEIGHT) for line in file], rng)
    optimiser = optimiser_of(model)

    started, recent = time.time(), 0.0
    for step, batch in enumerate(plan):
        for group in optimiser.param_groups:
            group["lr"] = PEAK_LEARNING_RATE * min((step + 1) / WARM_UP_STEPS, 1 - step / len(plan))
        with through_nf4(model):
            loss = loss_of(model, *collate(batch, tokenizer.pad_token_id))
            loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), MAX_GRAD_NORM)
        optimiser.step()
        optimiser.zero_grad()
        recent += loss.item()
        if (step + 1) % 50 == 0:
            print(f"step {step + 1}/{len(plan)}  loss {recent / 50:.4f}  {time.time() - started:.0f} s", flush=True)
            recent = 0.0

    model.to(torch.bfloat16)
    model.generation_config = GenerationConfig(
        max_new_tokens=64, do_sample=False, eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id
    )
    model.save_pretrained(args.model)
    (args.model / "model.safetensors").chmod(0o644)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(args.pretrained / name, args.model / name)


if __name__ == "__main__":
    main()
