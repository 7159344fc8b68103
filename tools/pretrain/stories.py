"""Tiny stories: some hide the answer to a question in the text, some are told on request."""

from __future__ import annotations

import random

import world as w
from facts import Fact, a, cap, make


def question_story(rng: random.Random) -> Fact:
    """A story of one or two sentences and a question about it, in one user turn."""
    n, m = rng.sample(w.STORY_NAMES, 2)
    t, u = rng.sample(w.STORY_THINGS, 2)
    p, q = rng.sample(w.STORY_PLACES, 2)
    c, d = rng.sample(w.STORY_COLOURS, 2)
    animal, food = rng.choice(list(w.ANIMALS)), rng.choice(w.STORY_FOODS)
    slots = {"n": n, "m": m, "t": t, "u": u, "p": p, "q": q, "c": c, "d": d, "at": a(t), "ac": a(c), "ad": a(d),
             "animal": animal, "an": a(animal), "food": food}  # fmt: skip
    kind = rng.randrange(6)
    if kind == 0:
        story = rng.choice(("{n} has {ac} {t}. {m} has {ad} {u}.", "{n} sees {ac} {t} and {ad} {u}.",
                            "There is {ac} {t} in the {p}. There is {ad} {u} too.", "{n} has {ac} {t}."))  # fmt: skip
        ask = "What colour is the {t}?\nWhich colour is the {t}?\nWhat is the colour of the {t}?"
        return make("story", "\n".join(f"{story} {x}" for x in ask.splitlines()), "The {t} is {c}.", c, **slots)
    if kind == 1:
        story = rng.choice(("{n} went to the {p}. {m} went to the {q}.", "{n} is in the {p} and {m} is in the {q}.",
                            "{m} walks to the {q}. {n} walks to the {p}.", "{n} ran to the {p}."))  # fmt: skip
        ask = "Where is {n}?\nWhere is {n} now?\nIn which place is {n}?"
        return make("story", "\n".join(f"{story} {x}" for x in ask.splitlines()), "{n} is in the {p}.", p, **slots)
    if kind == 2:
        story = rng.choice(("{n} had {at}. {n} gave it to {m}.", "{n} gives {at} to {m}.", "{m} takes {at} from {n}.",
                            "{n} found {at}. Now {m} has it."))  # fmt: skip
        ask = "Who has the {t}?\nWho has the {t} now?\nTell me who has the {t}."
        return make("story", "\n".join(f"{story} {x}" for x in ask.splitlines()), "{m} has the {t}.", m, **slots)
    if kind == 3:
        i = rng.randint(1, 10)
        j = rng.randint(1, 20 - i)
        story = rng.choice(("{n} has {i} {food} and gets {j} more.", "{n} has {i} {food}. {m} gives {n} {j} more.",
                            "There are {i} {food} on the table. {n} adds {j} more."))  # fmt: skip
        ask = "How many {food} are there?" if story.startswith("There") else "How many {food} does {n} have?"
        tell = "There are {k} {food}." if story.startswith("There") else "{n} has {k} {food}."
        return make("story", f"{story} {ask}", tell, str(i + j), i=str(i), j=str(j), k=str(i + j), **slots)
    if kind == 4:
        story = rng.choice(("{n} saw {an} in the {p}.", "In the {p}, {n} met {an}.", "{n} was in the {p}. There {n} saw {an}."))
        ask = "What did {n} see?\nWhich animal did {n} see?"
        return make("story", "\n".join(f"{story} {x}" for x in ask.splitlines()), "{n} saw {an}.", animal, **slots)
    story = rng.choice(("The {t} is in the {u}. {n} looks for it.", "{n} put the {t} in the {u}.", "{n} hides the {t} in the {u}."))
    ask = "Where is the {t}?\nWhere is the {t} now?"
    return make("story", "\n".join(f"{story} {x}" for x in ask.splitlines()), "The {t} is in the {u}.", u, **slots)


def told_story(rng: random.Random) -> Fact:
    """A story the model tells, made of facts about one animal."""
    name = rng.choice(list(w.ANIMALS))
    sound, _, home, _, colour, food = w.ANIMALS[name]
    friend = rng.choice([x for x in w.ANIMALS if x != name])
    middle = f"It said {sound} and ate {food}." if sound else f"It liked to eat {food}."
    end = rng.choice((f"One day it met {a(friend)}, and they became friends.", f"Then it met {a(friend)} and they played all day.",
                      "Then it was tired and went to sleep.", "It was very happy there."))  # fmt: skip
    return make("told story", """
        Tell me a story about {a}.
        Tell me a tiny story about {a}.
        Can you tell a story about {a}?
        Please tell a short story about {a}.
        I want to hear a story about {a}.
        Do you know a story about {a}?
        """, f"Once there was {a(colour)} {name}. It lived {home}. {cap(middle)} {end}", "", a=a(name))
