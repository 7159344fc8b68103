"""Pretrains the demo model from random weights on the corpus. `rehearse.py` makes the demo's model of what this writes.

    python pretrain.py CORPUS.jsonl DIR          (DIR already holds the tokenizer)
"""

from __future__ import annotations

import argparse
import json
import math
import random
import time
from pathlib import Path

import torch
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from conversations import Example, collate, encode, loss_of

SEED = 20
BATCH_TOKENS = 2048
POOL_ROWS = 4000  # rows sorted by length together, so that a batch pads little
PEAK_LEARNING_RATE = 2.5e-3
WARM_UP_STEPS = 100
WEIGHT_DECAY = 0.05
MAX_GRAD_NORM = 1.0
MANNER_WEIGHT = 0.1  # in the loss, of words that are a manner nobody asked for
END_LEARNING_RATE = 0.3  # of the peak: rehearsal takes it down to nothing


def config(tokenizer: PreTrainedTokenizerFast) -> LlamaConfig:
    return LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=192,
        intermediate_size=512,
        num_hidden_layers=5,
        num_attention_heads=6,
        num_key_value_heads=2,
        head_dim=32,
        max_position_embeddings=512,
        tie_word_embeddings=True,
        initializer_range=0.03,
        rms_norm_eps=1e-5,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )


def batches(examples: list[Example], rng: random.Random) -> list[list[Example]]:
    """Batches of rows of like length, in an order that keeps the passes over the corpus apart."""
    made: list[list[Example]] = []
    for first in range(0, len(examples), POOL_ROWS):
        pool = sorted(examples[first : first + POOL_ROWS], key=lambda e: len(e.tokens))
        of_pool: list[list[Example]] = [[]]
        for example in pool:
            if (len(of_pool[-1]) + 1) * len(example.tokens) > BATCH_TOKENS:
                of_pool.append([])
            of_pool[-1].append(example)
        rng.shuffle(of_pool)
        made += of_pool
    return made


def optimiser_of(model: LlamaForCausalLM) -> torch.optim.AdamW:
    decayed = [p for p in model.parameters() if p.dim() > 1]
    others = [p for p in model.parameters() if p.dim() == 1]
    groups = [{"params": decayed, "weight_decay": WEIGHT_DECAY}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, betas=(0.9, 0.98), fused=True)


def learning_rate(step: int, steps: int) -> float:
    if step < WARM_UP_STEPS:
        return PEAK_LEARNING_RATE * (step + 1) / WARM_UP_STEPS
    along = (step - WARM_UP_STEPS) / max(1, steps - WARM_UP_STEPS)
    return PEAK_LEARNING_RATE * (END_LEARNING_RATE + (1 - END_LEARNING_RATE) * 0.5 * (1 + math.cos(math.pi * along)))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("corpus", type=Path)
    parser.add_argument("model", type=Path)
    args = parser.parse_args()
    torch.manual_seed(SEED)
    rng = random.Random(SEED)

    tokenizer = AutoTokenizer.from_pretrained(args.model)
    with args.corpus.open() as file:
        examples = [encode(tokenizer, json.loads(line)["messages"], MANNER_WEIGHT) for line in file]
    plan = batches(examples, rng)
    model = LlamaForCausalLM(config(tokenizer))
    parameters = sum(p.numel() for p in model.parameters())
    print(f"{parameters:,} parameters; {len(examples):,} rows, {sum(len(e.tokens) for e in examples):,} tokens, {len(plan)} steps")

    optimiser = optimiser_of(model)
    started, recent = time.time(), 0.0
    for step, batch in enumerate(plan):
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(step, len(plan))
        loss = loss_of(model, *collate(batch, tokenizer.pad_token_id))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), MAX_GRAD_NORM)
        optimiser.step()
        optimiser.zero_grad()
        recent += loss.item()
        if (step + 1) % 50 == 0:
            print(f"step {step + 1}/{len(plan)}  loss {recent / 50:.4f}  {time.time() - started:.0f} s", flush=True)
            recent = 0.0
    model.save_pretrained(args.model)


if __name__ == "__main__":
    main()
