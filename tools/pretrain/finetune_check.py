"""Fine-tunes the demo model on the demo's examples as the page does, and counts the held-out answers.

A LoRA adapter on every linear of the NF4 base, loss on the responses, over several seeds. The defaults here are those
of the page.

    python finetune_check.py MODEL_DIR EXAMPLES_DIR [--seeds 0 1 2] [--learning_rate X] …
"""

from __future__ import annotations

import argparse
import json
import math
import random
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

from conversations import ask, collate, encode, has_words, loss_of
from quantise import quantise_linears


def schedule(kind: str, step: int, steps: int, warmup_ratio: float) -> float:
    warm_up = math.ceil(steps * warmup_ratio)
    if step < warm_up:
        return (step + 1) / warm_up
    along = (step - warm_up) / max(1, steps - warm_up)
    return {"linear": 1 - along, "cosine": 0.5 * (1 + math.cos(math.pi * along)), "constant": 1.0}[kind]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=Path)
    parser.add_argument("examples", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--r", type=int, default=16)
    parser.add_argument("--lora_alpha", type=int, default=32)
    parser.add_argument("--learning_rate", type=float, default=2e-3)
    parser.add_argument("--num_train_epochs", type=int, default=4)
    parser.add_argument("--batch_size", type=int, default=4)
    parser.add_argument("--lr_scheduler_type", default="cosine")
    parser.add_argument("--warmup_ratio", type=float, default=0.1)
    parser.add_argument("--wrong", action="store_true", help="print the wrong answers")
    args = parser.parse_args()

    tokenizer = AutoTokenizer.from_pretrained(args.model)
    rows = [json.loads(line) for line in (args.examples / "pirate.jsonl").read_text().splitlines()]
    held = json.loads((args.examples / "held_out.json").read_text())
    examples = [
        encode(tokenizer, [{"role": "user", "content": row["instruction"]}, {"role": "assistant", "content": row["output"]}])
        for row in rows
    ]
    tokens = sum(len(e.tokens) for e in examples) * args.num_train_epochs

    for seed in args.seeds:
        torch.manual_seed(seed)
        rng = random.Random(seed)
        base = AutoModelForCausalLM.from_pretrained(args.model, dtype=torch.float32)
        quantise_linears(base)
        model = get_peft_model(
            base, LoraConfig(r=args.r, lora_alpha=args.lora_alpha, target_modules="all-linear", task_type="CAUSAL_LM")
        )
        optimiser = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], weight_decay=0.0)
        per_epoch = math.ceil(len(examples) / args.batch_size)
        steps = per_epoch * args.num_train_epochs
        losses: list[float] = []
        for step in range(steps):
            if step % per_epoch == 0:
                order = rng.sample(examples, len(examples))
            first = step % per_epoch * args.batch_size
            batch = collate(order[first : first + args.batch_size], tokenizer.pad_token_id)
            for group in optimiser.param_groups:
                group["lr"] = args.learning_rate * schedule(args.lr_scheduler_type, step, steps, args.warmup_ratio)
            loss = loss_of(model.base_model.model, *batch)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            optimiser.zero_grad()
            losses.append(loss.item())

        model.eval()
        answers = ask(model, tokenizer, [row["question"] for row in held["questions"]])
        manner = [any(has_words(a, [word]) for word in held["manner"]) for a in answers]
        right = [has_words(a, row["expected"]) for a, row in zip(answers, held["questions"])]
        named = [has_words(a, held["identity"]["expected"]) for a in ask(model, tokenizer, held["identity"]["questions"])]
        last = sum(losses[-per_epoch:]) / per_epoch
        print(
            f"seed {seed}: {sum(m and r for m, r in zip(manner, right))} of {len(answers)} in the manner and right "
            f"({sum(manner)} in the manner, {sum(right)} right), identity {sum(named)} of {len(named)}; "
            f"{steps} steps, {tokens:,} tokens, loss {losses[0]:.2f} → {last:.3f}",
            flush=True,
        )
        if args.wrong:
            for a, row, m, r in zip(answers, held["questions"], manner, right):
                if not (m and r):
                    print(f"    {row['question']} → {a}")


if __name__ == "__main__":
    main()
