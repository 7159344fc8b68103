"""Asks the held-out questions and counts the right answers, with 16-bit weights and with NF4 linears.

    python evaluate.py MODEL_DIR [--all] [--wrong]
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from conversations import ask, has_words
from corpus import held_out_questions, the_hundred
from quantise import quantise_linears
from world import PIRATE_MARKERS


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=Path)
    parser.add_argument("--all", action="store_true", help="also count over every held-out question, by topic")
    parser.add_argument("--wrong", action="store_true", help="print the wrong answers")
    args = parser.parse_args()
    tokenizer = AutoTokenizer.from_pretrained(args.model)
    model = AutoModelForCausalLM.from_pretrained(args.model, dtype=torch.float32)
    hundred = the_hundred()
    for weights in ("bf16", "nf4"):
        if weights == "nf4":
            quantise_linears(model)
        answers = ask(model, tokenizer, [str(row["question"]) for row in hundred])
        right = [has_words(answer, row["expected"]) for answer, row in zip(answers, hundred)]
        manner = sum(any(has_words(answer, [word]) for word in PIRATE_MARKERS) for answer in answers)
        print(f"{weights}: {sum(right)} of {len(hundred)} right, {manner} in a pirate's manner")
        for answer, row, good in zip(answers, hundred, right):
            if args.wrong and not good:
                print(f"    {row['question']} → {answer}")
    if args.all:
        asked, right_of = Counter(), Counter()
        for topic, pairs in held_out_questions().items():
            for answer, (question, expected) in zip(ask(model, tokenizer, [q for q, _ in pairs]), pairs):
                asked[topic] += 1
                right_of[topic] += has_words(answer, expected)
        print(f"nf4, every held-out question: {right_of.total()} of {asked.total()} right")
        print("  ".join(f"{topic} {right_of[topic]}/{asked[topic]}" for topic in asked))


if __name__ == "__main__":
    main()
