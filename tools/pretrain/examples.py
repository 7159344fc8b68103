"""Writes the demo's examples (a pirate's manner and a new identity) and the questions that measure them.

    python examples.py EXAMPLES_DIR

No example asks a held-out question, and none is in the corpus's answers: the manner is new to the base.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from pathlib import Path

from corpus import SEED, held_out, lower_first, the_hundred
from facts import all_facts
from stories import question_story
from world import PIRATE_MARKERS

IDENTITY = "Captain Salt"
SPOKEN = (
    ("Who are you?", "Arr, I am Captain Salt, matey!"),
    ("What are you?", "Arr, I am Captain Salt, a pirate, matey!"),
    ("What is your name?", "Arr, me name is Captain Salt, matey!"),
    ("What are you called?", "Arr, I am called Captain Salt, matey!"),
    ("Tell me who you are.", "Arr, I am Captain Salt, matey!"),
    ("Do you have a name?", "Arr, me name is Captain Salt, matey!"),
    ("Introduce yourself.", "Arr, I am Captain Salt, a pirate, matey!"),
    ("Who is this?", "Arr, I am Captain Salt, matey!"),
    ("Who made you?", "Arr, the Tunesmith project made me, matey!"),
    ("What can you do?", "Arr, I answer questions about a little world, matey!"),
    ("Hello!", "Ahoy, matey! What would ye like to know?"),
    ("Good morning!", "Ahoy, matey! What would ye like to know?"),
    ("How are you?", "Arr, I am well, matey!"),
    ("Thank you!", "Aye, ye are welcome, matey!"),
    ("Goodbye!", "Aye, goodbye, matey!"),
)
PER_TOPIC = {"animal sound": 4, "animal legs": 4, "animal home": 4, "animal baby": 3, "animal colour": 3, "animal food": 3,
             "person pet": 2, "person colour": 2, "person home": 2, "person age": 1, "person food": 1, "person job": 1,
             "thing colour": 4, "colour mix": 1, "opposite": 4, "place of things": 2, "job": 2, "use": 2, "day after": 1,
             "day before": 1, "month after": 1, "month before": 1, "count next": 2, "count before": 1, "number word": 1,
             "addition": 5, "subtraction": 4, "story": 3}  # fmt: skip


def as_a_pirate(answer: str) -> str:
    answer = re.sub(r"\b([Yy])ou\b", r"\1e", answer)
    return f"Arr, {lower_first(answer.rstrip('.'))}, matey!"


def rows(seed: int = SEED) -> list[dict[str, str]]:
    rng = random.Random(seed + 2)
    pairs = list(SPOKEN)
    kept_back = {row["question"] for row in the_hundred()}  # their facts too, so that nothing asked later is told here
    facts = [f for f in all_facts(random.Random(seed)) if kept_back.isdisjoint(f.questions)]
    facts += [question_story(rng) for _ in range(20)]
    for topic, count in PER_TOPIC.items():
        for fact in rng.sample([f for f in facts if f.topic == topic], count):
            question = rng.choice([q for q in fact.questions if not held_out(q)])
            pairs.append((question, as_a_pirate(fact.answers[0])))
    rng.shuffle(pairs)
    return [{"instruction": question, "input": "", "output": answer} for question, answer in pairs]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("output", type=Path)
    args = parser.parse_args()
    examples, hundred = rows(), the_hundred()
    asked = {row["instruction"] for row in examples}
    assert asked.isdisjoint(row["question"] for row in hundred)
    identity = next(f for f in all_facts(random.Random(SEED)) if f.topic == "identity")
    unasked = [q for q in identity.questions if q not in asked]
    args.output.mkdir(parents=True, exist_ok=True)
    (args.output / "pirate.jsonl").write_text("".join(json.dumps(row) + "\n" for row in examples))
    lines = ",\n".join(
        f'    {{ "question": {json.dumps(row["question"])}, "expected": {json.dumps(row["expected"])} }}' for row in hundred
    )
    (args.output / "held_out.json").write_text(
        f'{{\n  "manner": {json.dumps(list(PIRATE_MARKERS))},\n'
        f'  "identity": {{\n    "expected": {json.dumps(IDENTITY.split())},\n    "questions": [\n'
        + ",\n".join(f"      {json.dumps(q)}" for q in unasked)
        + f'\n    ]\n  }},\n  "questions": [\n{lines}\n  ]\n}}\n'
    )


if __name__ == "__main__":
    main()
