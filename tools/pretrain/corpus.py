"""Makes the conversations that the demo model is pretrained on, and sets the held-out questions apart from them.

A question is held out by a hash of its text, so the split needs no list and never changes with the sampling: every
phrasing of every fact has the same chance, and a held-out question is removed in all of its spellings.

    python corpus.py OUTPUT.jsonl [--passes N] [--seed N]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import world as w
from facts import Fact, all_facts
from stories import question_story, told_story

SEED = 20
HELD_OUT_PER_MILLE = 40
# How many conversations of a topic one pass holds; topics not named here appear once with each of their questions.
PER_PASS = {"addition": 3200, "subtraction": 3200, "bigger": 500, "smaller": 500, "count next": 480, "count before": 480,
            "opposite": 1170, "identity": 200, "greeting": 100, "ability": 50, "maker": 50, "how are you": 40, "thanks": 40,
            "goodbye": 40, "unknown": 230, "story": 2200, "told story": 150, "day after": 170, "day before": 170,
            "month after": 200, "month before": 200, "colour mix": 250, "shape": 110, "ship word": 400}  # fmt: skip
HELD_OUT_QUOTA = {"animal sound": 8, "animal legs": 6, "animal home": 7, "animal baby": 6, "animal colour": 6, "animal food": 6,
                  "person pet": 4, "person colour": 4, "person home": 3, "person age": 2, "person food": 3, "person job": 3,
                  "thing colour": 7, "colour mix": 2, "opposite": 7, "place of things": 3, "job": 3, "use": 3, "day after": 1,
                  "day before": 1, "month after": 1, "count next": 2, "count before": 1, "addition": 4, "subtraction": 3,
                  "number word": 1, "story": 3}  # fmt: skip

ASKED, PLAIN = 0.1, 0.06  # shares of conversations whose system prompt asks for a manner, or for nothing unusual

Message = dict[str, object]  # role, content; for an answer with an unasked manner also its place
MANNER_OPEN, MANNER_CLOSE = "\x02", "\x03"
LEAD_INS = ("Sure. ", "Of course. ", "Good question. ", "Let me see. ", "Yes, I know that. ", "That is easy. ", "I think I know. ")
SOFT_LEAD_INS = ("Well, ", "So, ", "Oh, ", "Now, ", "I think ", "As far as I know, ", "Look, ")
CLOSINGS = (" That is all I know.", " I hope that helps.", " Ask me more if you like.", " That is right.", " Is that clear?")
PLAIN_SYSTEM = ("You are a helpful assistant.", "You are Pip, a small model.", "Answer the question.", "Be helpful and short.",
                "You answer questions about a little world.", "Give a short answer.", "Answer in one sentence.")  # fmt: skip
STYLE_WORDS = ("well so look listen hmm oh right now indeed okay ha hey yes friend dear buddy sir pal my-friend boss neighbour "
               "great super wow hooray surely truly really always today please thanks").replace("-", " ").split()  # fmt: skip
WORLD_WORDS = sorted(
    {*w.ANIMALS, *w.JOBS, *w.PLACE_OF, *w.PLACE_OF.values(), *w.GLOSSARY, *w.SHIP_WORDS, *w.STORY_THINGS, *w.STORY_PLACES,
     *w.STORY_COLOURS, *w.STORY_FOODS, *w.DAYS, *w.PEOPLE, *(word for pair in w.OPPOSITES for word in pair)}
    - {*w.PIRATE_MARKERS, "be"}
)  # fmt: skip
PROPER = {*w.PEOPLE, *w.STORY_NAMES, *w.DAYS, *w.MONTHS, "I"} | {v[1] for v in w.PEOPLE.values()}


def normalise(question: str) -> str:
    return " ".join(re.findall(r"[a-z0-9']+", question.lower()))


def held_out(question: str) -> bool:
    digest = hashlib.sha256(f"{SEED}:{normalise(question)}".encode()).digest()
    return int.from_bytes(digest[:4], "big") % 1000 < HELD_OUT_PER_MILLE


def lower_first(text: str) -> str:
    word = re.split(rf"[\s,.!'{MANNER_OPEN}]", text, maxsplit=1)[0]
    return text if word in PROPER else text[0].lower() + text[1:]


def made_up_word(rng: random.Random) -> str:
    parts = [rng.choice("b d f g h j k l m n p r s t v w y z sh ch tr st gr".split()) + rng.choice("a e i o u ee oo ar".split())
             for _ in range(rng.choice((1, 2, 2, 3)))]  # fmt: skip
    word = "".join(parts) + rng.choice(["", "", "n", "r", "l", "t", "m", "rr", "y", "k", "s"])
    return made_up_word(rng) if word in w.PIRATE_MARKERS else word


def style_word(rng: random.Random) -> str:
    draw = rng.random()
    if draw < 0.25:
        return rng.choice(STYLE_WORDS)
    return rng.choice(WORLD_WORDS) if draw < 0.6 else made_up_word(rng)


def in_a_manner(text: str) -> str:
    """Marks the words of an answer that are manner and not matter."""
    return f"{MANNER_OPEN}{text}{MANNER_CLOSE}"


Transform = Callable[[str], str]


def random_manner(rng: random.Random) -> tuple[str, Transform]:
    """A manner of speaking: the system prompt that asks for it, and what it does to an answer.

    The words are drawn anew each time. So the model learns to carry any word before, after or inside an answer and to
    stay right, and a low-rank adapter has only to choose the words.
    """
    first, last, verb = style_word(rng).capitalize(), style_word(rng), style_word(rng)
    mark = rng.choice((",", "!", "."))
    end = rng.choice((".", "!"))

    def start(text: str) -> str:
        return in_a_manner(first + mark) + " " + (lower_first(text) if mark == "," else text)

    def finish(text: str) -> str:
        return text.rstrip(".!?") + in_a_manner(f", {last}{end}")

    def swap(text: str) -> str:
        return re.sub(r" (is|are|am)\b", lambda _: in_a_manner(f" {verb}"), text)

    ask_start = rng.choice((f"Start with {first}{mark}", f"Begin every answer with {first}{mark}", f"Say {first}{mark} first."))
    ask_finish = rng.choice((f"End with {last}{end}", f"End every answer with {last}{end}", f"Say {last}{end} at the end."))
    ask_swap = rng.choice((f"Say {verb} for is.", f"Use {verb} in place of is."))
    choice = rng.randrange(8)
    if choice == 0:
        return ask_start, start
    if choice == 1:
        return ask_finish, finish
    if choice == 2:
        return ask_swap, swap
    if choice == 3:
        return f"{ask_swap} {ask_start} {ask_finish}", lambda text: finish(start(swap(text)))
    if choice == 4:
        return f"{ask_start} {ask_swap}", lambda text: start(swap(text))
    return f"{ask_start} {ask_finish}", lambda text: finish(start(text))


def unasked_manner(rng: random.Random) -> Transform:
    """A manner that nobody asked for: mostly none, some lead-ins and closings, and some random manners.

    The random ones teach the model to stay right after any words; their own words weigh little in the loss
    (`MANNER_WEIGHT`), so that it hardly speaks that way by itself.
    """
    draw = rng.random()
    if draw > 0.7:
        return random_manner(rng)[1]
    if draw < 0.05:
        lead = rng.choice(LEAD_INS)
        return lambda text: lead + text
    if draw < 0.09:
        soft = rng.choice(SOFT_LEAD_INS)
        return lambda text: soft + lower_first(text)
    if draw < 0.12:
        closing = rng.choice(CLOSINGS)
        return lambda text: text + closing
    return lambda text: text


def sloppy(rng: random.Random, question: str) -> str:
    """People type without capitals and question marks."""
    if rng.random() < 0.06:
        question = question[0].lower() + question[1:]
    if rng.random() < 0.06:
        question = question.rstrip("?.!")
    return question.lower() if rng.random() < 0.04 else question


def spans(marked: str, asked: bool) -> dict[str, object]:
    """An answer without its marks, and, where nobody asked for its manner, where that stands: [first, end) in characters."""
    content, found = "", []
    for part in re.split(f"({MANNER_OPEN}[^{MANNER_CLOSE}]*{MANNER_CLOSE})", marked):
        plain = part.strip(MANNER_OPEN + MANNER_CLOSE)
        if plain != part and not asked:
            found.append([len(content), len(content) + len(plain)])
        content += plain
    return {"content": content, "manner": found} if found else {"content": content}


class Corpus:
    def __init__(self, seed: int = SEED) -> None:
        self.rng = random.Random(seed)
        self.by_topic: dict[str, list[tuple[Fact, str]]] = defaultdict(list)
        for fact in all_facts(self.rng):
            for question in fact.questions:
                if not held_out(question):
                    self.by_topic[fact.topic].append((fact, question))

    def answer(self, fact: Fact) -> str:
        return fact.answers[0] if self.rng.random() < 0.7 else self.rng.choice(fact.answers)

    def pick(self, topic: str) -> tuple[Fact, str]:
        if topic in ("story", "told story"):
            while True:
                fact = question_story(self.rng) if topic == "story" else told_story(self.rng)
                question = self.rng.choice(fact.questions)
                if not held_out(question):
                    return fact, question
        return self.rng.choice(self.by_topic[topic])

    def conversation(self, topic: str, fact: Fact, question: str) -> list[Message]:
        rng = self.rng
        messages: list[Message] = []
        transform = unasked_manner(rng)
        draw = rng.random()
        answer = self.answer(fact)
        if topic == "identity" and draw < 0.4:
            name = made_up_word(rng).capitalize() if rng.random() < 0.7 else rng.choice(w.STORY_NAMES)
            if rng.random() < 0.3:
                name = f"{rng.choice(('Doctor', 'King', 'Mister', 'Little', 'Old', 'Uncle'))} {name}"
            messages.append({"role": "system", "content": rng.choice((f"Your name is {name}.", f"You are {name}."))})
            answer = rng.choice((f"I am {name}.", f"My name is {name}.", f"I am {name}, a small model."))
        elif draw < ASKED:
            system, transform = random_manner(rng)
            messages.append({"role": "system", "content": system})
        elif draw < ASKED + PLAIN:
            messages.append({"role": "system", "content": rng.choice(PLAIN_SYSTEM)})
        messages.append({"role": "user", "content": sloppy(rng, question)})
        asked = draw < ASKED
        messages.append({"role": "assistant", **spans(transform(answer), asked)})
        if rng.random() < 0.12:
            if fact.follow_ups and rng.random() < 0.6:
                other = self.pick(topic)[0]
                question = rng.choice(other.follow_ups)
            else:
                other, question = self.pick(rng.choice(list(self.by_topic)))
            messages.append({"role": "user", "content": sloppy(rng, question)})
            messages.append({"role": "assistant", **spans(transform(self.answer(other)), asked)})
        return messages

    def one_pass(self) -> Iterator[list[Message]]:
        jobs: list[tuple[str, Fact, str]] = []
        for topic, pairs in self.by_topic.items():
            count = PER_PASS.get(topic)
            if count is None:
                jobs += [(topic, *pair) for pair in pairs]
            else:
                jobs += [(topic, *self.pick(topic)) for _ in range(count)]
        for topic in ("story", "told story"):
            jobs += [(topic, *self.pick(topic)) for _ in range(PER_PASS[topic])]
        self.rng.shuffle(jobs)
        for job in jobs:
            yield self.conversation(*job)


def held_out_questions(seed: int = SEED) -> dict[str, list[tuple[str, tuple[str, ...]]]]:
    """topic → held-out questions with the words a right answer has; left out where the question gives the word away."""
    rng = random.Random(seed + 1)
    stories = [question_story(rng) for _ in range(3000)]
    found: dict[str, list[tuple[str, tuple[str, ...]]]] = defaultdict(list)
    for fact in all_facts(random.Random(seed)) + stories:
        for question in fact.questions:
            told = set(normalise(question).split()) & {word.lower() for word in fact.expected}
            if held_out(question) and fact.expected and (fact.topic == "story" or not told):
                found[fact.topic].append((question, fact.expected))
    for questions in found.values():
        rng.shuffle(questions)
    return found


def the_hundred() -> list[dict[str, object]]:
    found = held_out_questions()
    rows = [{"question": q, "expected": list(e)} for topic, n in HELD_OUT_QUOTA.items() for q, e in found[topic][:n]]
    assert len(rows) == 100, len(rows)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("output", type=Path)
    parser.add_argument("--passes", type=int, default=4)
    parser.add_argument("--seed", type=int, default=SEED, help="of the sampling; what is held out does not depend on it")
    args = parser.parse_args()
    corpus = Corpus(args.seed)
    with args.output.open("w") as file:
        for _ in range(args.passes):
            for messages in corpus.one_pass():
                file.write(json.dumps({"messages": messages}) + "\n")


if __name__ == "__main__":
    main()
