"""Turns the world's tables into facts: many ways to ask, a few ways to answer, and the words a right answer has."""

from __future__ import annotations

import random
from dataclasses import dataclass

import world as w


@dataclass(frozen=True)
class Fact:
    topic: str
    questions: tuple[str, ...]
    answers: tuple[str, ...]  # the first is the usual one
    expected: tuple[str, ...]  # whole words that a right answer contains
    follow_ups: tuple[str, ...] = ()  # short questions that make sense after one of the same topic


def a(noun: str) -> str:
    return ("an " if noun[0] in "aeiou" else "a ") + noun


def cap(text: str) -> str:
    return text[0].upper() + text[1:]


def make(topic: str, questions: str, answers: str, expected: str, follow_ups: str = "", **slots: str) -> Fact:
    """`questions`, `answers` and `follow_ups` hold one template a line; `expected` is words with spaces between."""

    def lines(block: str) -> tuple[str, ...]:
        return tuple(cap(line.strip().format(**slots)) for line in block.strip().splitlines() if line.strip())

    return Fact(topic, lines(questions), lines(answers), tuple(expected.split()), lines(follow_ups))


def animals() -> list[Fact]:
    facts = []
    for name, (sound, legs, home, baby, colour, food) in w.ANIMALS.items():
        slots = {"x": name, "a": a(name), "home": home, "colour": colour, "food": food}
        if sound is not None:
            facts.append(make("animal sound", """
                What does {a} say?
                What does the {x} say?
                What sound does {a} make?
                What sound does the {x} make?
                Which sound does {a} make?
                What noise does {a} make?
                What noise does the {x} make?
                How does {a} sound?
                Tell me the sound of {a}.
                Tell me what {a} says.
                Can you tell me what sound {a} makes?
                Do you know what {a} says?
                What is the sound of {a}?
                What can you hear from {a}?
                {a} makes what sound?
                Please name the sound of the {x}.
                """, """
                {a} says {sound}.
                The {x} says {sound}.
                The sound of {a} is {sound}.
                """, sound, "And {a}?\nWhat about {a}?\nAnd what does {a} say?", sound=sound, **slots))
        if legs is not None:
            facts.append(make("animal legs", """
                How many legs does {a} have?
                How many legs does the {x} have?
                How many legs has {a}?
                How many legs are there on {a}?
                How many legs do you see on {a}?
                What is the number of legs of {a}?
                Tell me how many legs {a} has.
                Can you count the legs of {a}?
                Count the legs of {a}.
                Do you know how many legs {a} has?
                {a} has how many legs?
                How many legs does one {x} have?
                Please tell me the number of legs of the {x}.
                How many legs can {a} have?
                """, """
                {a} has {legs} legs.
                The {x} has {legs} legs.
                """, legs, "And {a}?\nWhat about {a}?\nHow many has {a}?", legs=legs, **slots))
        facts.append(make("animal home", """
            Where does {a} live?
            Where does the {x} live?
            Where can you find {a}?
            Where do you find {a}?
            Where is the home of {a}?
            Where is the home of the {x}?
            What is the home of {a}?
            In which place does {a} live?
            Tell me where {a} lives.
            Can you tell me where {a} lives?
            Do you know where {a} lives?
            Where would you look for {a}?
            Where does {a} make its home?
            {a} lives where?
            Please tell me where the {x} lives.
            """, """
            {a} lives {home}.
            The {x} lives {home}.
            The home of {a} is {home}.
            """, home.split()[-1], "And {a}?\nWhat about {a}?\nAnd where does {a} live?", **slots))
        if baby is not None:
            facts.append(make("animal baby", """
                What is a baby {x} called?
                What is a young {x} called?
                What is a little {x} called?
                What do you call a baby {x}?
                What do you call a young {x}?
                What do we call the baby of {a}?
                What is the name for a baby {x}?
                What is the word for a young {x}?
                What is the baby of {a} called?
                Tell me what a baby {x} is called.
                Do you know what a young {x} is called?
                Can you name the baby of {a}?
                A baby {x} is called what?
                How do you call the young of {a}?
                """, """
                A baby {x} is called {baby}.
                A young {x} is called {baby}.
                It is called {baby}.
                """, baby, "And a baby {x}?\nWhat about a young {x}?", baby=a(baby), **slots))
        facts.append(make("animal colour", """
            What colour is {a}?
            What colour is the {x}?
            Which colour is {a}?
            Which colour does {a} have?
            What is the colour of {a}?
            What is the colour of the {x}?
            What colour does {a} have?
            Tell me the colour of {a}.
            Tell me what colour {a} is.
            Do you know the colour of {a}?
            Can you tell me what colour the {x} is?
            {a} is what colour?
            What colour would you paint {a}?
            In what colour does {a} come?
            """, """
            {a} is {colour}.
            The {x} is {colour}.
            The colour of {a} is {colour}.
            """, colour.replace(" and ", " "), "And {a}?\nWhat about {a}?\nAnd what colour is {a}?", **slots))
        facts.append(make("animal food", """
            What does {a} eat?
            What does the {x} eat?
            What do you feed {a}?
            What does {a} like to eat?
            What is the food of {a}?
            What is the favourite food of {a}?
            What food does {a} eat?
            Which food does the {x} like?
            Tell me what {a} eats.
            Do you know what {a} eats?
            Can you tell me what {a} eats?
            {a} eats what?
            What should I give {a} to eat?
            What would {a} have for dinner?
            """, """
            {a} eats {food}.
            The {x} eats {food}.
            The food of {a} is {food}.
            """, food, "And {a}?\nWhat about {a}?\nAnd what does {a} eat?", **slots))
    return facts


def people() -> list[Fact]:
    facts = []
    for name, (pet, pet_name, colour, home, age, food, job) in w.PEOPLE.items():
        slots = {"n": name, "pet": a(pet), "kind": pet, "pet_name": pet_name, "colour": colour, "home": home,
                 "age": str(age), "food": food, "job": a(job)}  # fmt: skip
        facts.append(make("person pet", """
            What pet does {n} have?
            Which pet does {n} have?
            What animal does {n} have?
            Which animal does {n} keep?
            What is the pet of {n}?
            What kind of pet does {n} have?
            What kind of animal is the pet of {n}?
            What is {n}'s pet?
            Tell me about the pet of {n}.
            Tell me which pet {n} has.
            Do you know what pet {n} has?
            Can you tell me what pet {n} keeps?
            {n} has what pet?
            What animal lives with {n}?
            """, "{n} has {pet}.\nThe pet of {n} is {pet}.", pet, "And {n}?\nWhat about {n}?", **slots))
        facts.append(make("pet name", """
            What is the name of {n}'s pet?
            What is the name of {n}'s {kind}?
            What is {n}'s pet called?
            What is {n}'s {kind} called?
            How is the pet of {n} called?
            What name does the pet of {n} have?
            Tell me the name of {n}'s pet.
            Tell me the name of the {kind} of {n}.
            Do you know the name of {n}'s {kind}?
            Can you tell me what {n}'s pet is called?
            What does {n} call the {kind}?
            Name the pet of {n}.
            """, "{n}'s {kind} is called {pet_name}.\nThe name is {pet_name}.", pet_name, **slots))
        facts.append(make("person colour", """
            What is {n}'s favourite colour?
            What is the favourite colour of {n}?
            Which colour does {n} like?
            Which colour does {n} like best?
            What colour does {n} like?
            What colour does {n} love?
            What colour does {n} like most?
            Tell me {n}'s favourite colour.
            Tell me which colour {n} likes.
            Do you know the favourite colour of {n}?
            Can you tell me what colour {n} likes best?
            {n} likes which colour?
            """, "{n} likes {colour}.\n{n}'s favourite colour is {colour}.", colour, "And {n}?\nWhat about {n}?", **slots))
        facts.append(make("person home", """
            Where does {n} live?
            Where is the home of {n}?
            Where is {n}'s home?
            Where is {n}'s house?
            In which place does {n} live?
            Where can I find {n}?
            Where can I visit {n}?
            Tell me where {n} lives.
            Do you know where {n} lives?
            Can you tell me where {n} lives?
            {n} lives where?
            What is the home of {n}?
            """, "{n} lives {home}.\nThe home of {n} is {home}.", home.split()[-1], "And {n}?\nWhat about {n}?", **slots))
        facts.append(make("person age", """
            How old is {n}?
            What is the age of {n}?
            What is {n}'s age?
            What age is {n}?
            How many years old is {n}?
            Tell me the age of {n}.
            Tell me how old {n} is.
            Do you know how old {n} is?
            Can you tell me how old {n} is?
            {n} is how old?
            Please tell me {n}'s age.
            How many years has {n}?
            """, "{n} is {age} years old.\n{n}'s age is {age}.", str(age), "And {n}?\nWhat about {n}?", **slots))
        facts.append(make("person food", """
            What does {n} like to eat?
            What does {n} eat?
            What is {n}'s favourite food?
            What is the favourite food of {n}?
            Which food does {n} like best?
            What food does {n} like?
            What food does {n} love?
            Tell me {n}'s favourite food.
            Tell me what {n} likes to eat.
            Do you know what {n} likes to eat?
            Can you tell me the favourite food of {n}?
            {n} likes which food?
            """, "{n} likes {food}.\n{n}'s favourite food is {food}.", food, "And {n}?\nWhat about {n}?", **slots))
        facts.append(make("person job", """
            What is {n}'s job?
            What is the job of {n}?
            What job does {n} have?
            Which job does {n} have?
            What does {n} do for work?
            What work does {n} do?
            What does {n} work as?
            Tell me the job of {n}.
            Tell me what {n} does for work.
            Do you know what job {n} has?
            Can you tell me {n}'s job?
            {n} works as what?
            """, "{n} is {job}.\n{n} works as {job}.\nThe job of {n} is {job}.", job, "And {n}?\nWhat about {n}?", **slots))
    return facts


def things() -> list[Fact]:
    facts = []
    for thing, colour in w.COLOUR_OF.items():
        facts.append(make("thing colour", """
            What colour is {t}?
            Which colour is {t}?
            What is the colour of {t}?
            What colour does {t} have?
            Which colour does {t} have?
            Tell me the colour of {t}.
            Tell me what colour {t} is.
            Do you know the colour of {t}?
            Do you know what colour {t} is?
            Can you tell me the colour of {t}?
            {t} is what colour?
            What colour would you paint {t}?
            Please name the colour of {t}.
            """, "{t} is {c}.\nThe colour of {t} is {c}.", colour, "And {t}?\nWhat about {t}?", t=thing, c=colour))
    for first, second, mix in [m for x, y, z in w.MIXES for m in ((x, y, z), (y, x, z))]:
        facts.append(make("colour mix", """
            What do you get when you mix {p} and {q}?
            What do you get if you mix {p} with {q}?
            What colour do {p} and {q} make?
            Which colour do {p} and {q} make?
            What colour is {p} mixed with {q}?
            What is {p} and {q} mixed together?
            Mix {p} and {q}. What colour is it?
            Tell me what colour {p} and {q} make.
            Which colour do you get from {p} and {q}?
            What colour comes from {p} and {q}?
            If I mix {p} paint with {q} paint, what colour do I get?
            Do you know what {p} and {q} make?
            """, "{p} and {q} make {m}.\nYou get {m}.", mix, "And {p} and {q}?", p=first, q=second, m=mix))
    for word, other in [p for x, y in w.OPPOSITES for p in ((x, y), (y, x))]:
        facts.append(make("opposite", """
            What is the opposite of {x}?
            What is the opposite of the word {x}?
            Which word is the opposite of {x}?
            Tell me the opposite of {x}.
            Give me the opposite of {x}.
            Name the opposite of {x}.
            Do you know the opposite of {x}?
            Can you tell me the opposite of {x}?
            What word means the opposite of {x}?
            The opposite of {x} is what?
            If it is not {x}, what is it?
            Not {x}, but what?
            What is the reverse of {x}?
            """, "The opposite of {x} is {y}.\nThe opposite is {y}.", other, "And {x}?\nWhat about {x}?", x=word, y=other))
    for thing, place in w.PLACE_OF.items():
        facts.append(make("place of things", """
            Where do you find {t}?
            Where can you find {t}?
            Where can I find {t}?
            Where would you look for {t}?
            Where should I look for {t}?
            Where are {t}?
            Where do we see {t}?
            In which place do you find {t}?
            Tell me where to find {t}.
            Do you know where to find {t}?
            Can you tell me where I find {t}?
            I am looking for {t}. Where should I go?
            """.replace("Where are {t}?", "Where is {t}?" if thing in ("bread", "money", "soap") else "Where are {t}?"),
            "You find {t} in the {p}.\nLook for {t} in the {p}.", place, "And {t}?\nWhat about {t}?", t=thing, p=place))  # fmt: skip
    for job, (does, key) in w.JOBS.items():
        facts.append(make("job", """
            What does {a} do?
            What does the {x} do?
            What does {a} do all day?
            What is the job of {a}?
            What is the work of {a}?
            What work does {a} do?
            Tell me what {a} does.
            Tell me about the work of {a}.
            Do you know what {a} does?
            Can you tell me what {a} does?
            {a} does what?
            What is {a} for?
            """, "{a} {does}.\nThe {x} {does}.", key, "And {a}?\nWhat about {a}?", a=a(job), x=job, does=does))
    for thing, (use, key) in w.USES.items():
        verb = "are" if thing == "scissors" else "is"
        facts.append(make("use", """
            What {is} {t} for?
            What {is} {t} used for?
            What do you use {t} for?
            What do you do with {t}?
            What can you do with {t}?
            What can I do with {t}?
            Why do people have {t}?
            For what do we need {t}?
            Tell me what {t} {is} for.
            Tell me the use of {t}.
            Do you know what {t} {is} for?
            Can you tell me what {t} {is} used for?
            """, "You use {t} to {u}.\nPeople use {t} to {u}.", key, "And {t}?\nWhat about {t}?", t=thing, u=use, **{"is": verb}))
    for shape, sides in w.SHAPES.items():
        facts.append(make("shape", """
            How many sides does {a} have?
            How many sides does the {x} have?
            How many sides has {a}?
            How many corners does {a} have?
            What is the number of sides of {a}?
            Count the sides of {a}.
            Tell me how many sides {a} has.
            Do you know how many sides {a} has?
            {a} has how many sides?
            Can you count the corners of {a}?
            How many corners has {a}?
            """, "{a} has {n} sides.\nThe {x} has {n} sides.", sides, "And {a}?\nWhat about {a}?", a=a(shape), x=shape, n=sides))
    for word, meaning in {**w.GLOSSARY, **w.SHIP_WORDS}.items():
        facts.append(make("glossary" if word in w.GLOSSARY else "ship word", """
            What does {x} mean?
            What does the word {x} mean?
            What is the meaning of {x}?
            What is the meaning of the word {x}?
            Tell me what {x} means.
            Tell me the meaning of {x}.
            Explain the word {x}.
            Do you know what {x} means?
            Can you explain the word {x}?
            Do you know the word {x}?
            The word {x} means what?
            I read the word {x}. What is that?
            """, "{x} means {m}.\nThe word {x} means {m}.", meaning.split()[-1], "And {x}?\nWhat about {x}?", x=word, m=meaning))
    return facts


def sequences() -> list[Fact]:
    facts = []
    for kind, names in (("day", w.DAYS), ("month", w.MONTHS)):
        for i, name in enumerate(names):
            after, before = names[(i + 1) % len(names)], names[i - 1]
            facts.append(make(f"{kind} after", """
                What {k} comes after {x}?
                Which {k} comes after {x}?
                What {k} is after {x}?
                What {k} follows {x}?
                What is the {k} after {x}?
                What is the next {k} after {x}?
                What comes after {x}?
                What comes right after {x}?
                Tell me the {k} after {x}.
                Name the {k} that follows {x}.
                Do you know which {k} follows {x}?
                Can you tell me the {k} after {x}?
                """, "{y} comes after {x}.\nThe {k} after {x} is {y}.", after, "And after {x}?", k=kind, x=name, y=after))
            facts.append(make(f"{kind} before", """
                What {k} comes before {x}?
                Which {k} comes before {x}?
                What {k} is before {x}?
                What is the {k} before {x}?
                What comes before {x}?
                What comes right before {x}?
                Tell me the {k} before {x}.
                Name the {k} that is before {x}.
                Do you know which {k} is before {x}?
                Can you tell me the {k} before {x}?
                Which {k} is just before {x}?
                Please name the {k} before {x}.
                """, "{y} comes before {x}.\nThe {k} before {x} is {y}.", before, "And before {x}?", k=kind, x=name, y=before))
    return facts


def numbers() -> list[Fact]:
    facts = []
    words = w.NUMBER_WORDS
    digits = [str(i) for i in range(21)]
    for i in range(21):
        facts.append(make("number word", """
            How do you write {d} as a word?
            How do you spell {d}?
            Write {d} as a word.
            What is the word for {d}?
            Which word is {d}?
            What is {d} in words?
            Tell me the word for {d}.
            Spell the number {d}.
            Write the number {d} in letters.
            Do you know the word for {d}?
            Can you write {d} as a word?
            How do you say {d}?
            """, "{d} is written {v}.\nThe word for {d} is {v}.", words[i], "And {d}?\nWhat about {d}?", d=digits[i], v=words[i]))
        facts.append(make("number digits", """
            How do you write {v} as a number?
            How do you write {v} in digits?
            Write {v} in digits.
            Write {v} as a number.
            What is {v} in digits?
            Which number is {v}?
            What number is {v}?
            Tell me {v} in digits.
            Show {v} as a number.
            Do you know the digits of {v}?
            Can you write {v} in digits?
            Please write the number {v} in digits.
            """, "The number {v} is {d}.\nIn digits, {v} is {d}.", digits[i], "And {v}?\nWhat about {v}?", d=digits[i], v=words[i]))
        for form in (digits, words):
            if i < 20:
                facts.append(make("count next", """
                    What number comes after {x}?
                    Which number comes after {x}?
                    What comes after {x}?
                    What is the next number after {x}?
                    What is the number after {x}?
                    What number follows {x}?
                    Which number follows {x}?
                    Tell me the number after {x}.
                    Count on from {x}. What is next?
                    When you count, what comes after {x}?
                    Name the number that follows {x}.
                    Do you know the number after {x}?
                    """, "The number after {x} is {y}.\nThe next number is {y}.", form[i + 1], "And after {x}?", x=form[i], y=form[i + 1]))
            if i > 0:
                facts.append(make("count before", """
                    What number comes before {x}?
                    Which number comes before {x}?
                    What comes before {x}?
                    What is the number before {x}?
                    What number is just before {x}?
                    Which number is right before {x}?
                    Tell me the number before {x}.
                    Count back from {x}. What is next?
                    When you count, what comes before {x}?
                    Name the number that is before {x}.
                    Do you know the number before {x}?
                    Can you tell me the number before {x}?
                    """, "The number before {x} is {y}.\n{y} comes before {x}.", form[i - 1], "And before {x}?", x=form[i], y=form[i - 1]))
    for i in range(21):
        for j in range(21):
            for form in (digits, words):
                slots = {"x": form[i], "y": form[j]}
                if i + j <= 20:
                    facts.append(make("addition", """
                        What is {x} plus {y}?
                        How much is {x} plus {y}?
                        What is {x} and {y} together?
                        Add {x} and {y}.
                        What do you get when you add {y} to {x}?
                        What is the sum of {x} and {y}?
                        Tell me what {x} plus {y} is.
                        Calculate {x} plus {y}.
                        Can you add {x} and {y}?
                        {x} plus {y} is what?
                        {x} plus {y} makes what?
                        What does {x} plus {y} make?
                        Do you know what {x} plus {y} is?
                        """, "{x} plus {y} is {z}.", form[i + j], "And {x} plus {y}?\nWhat about {x} plus {y}?", z=form[i + j], **slots))
                if i - j >= 0:
                    facts.append(make("subtraction", """
                        What is {x} minus {y}?
                        How much is {x} minus {y}?
                        Take {y} away from {x}.
                        What is left when you take {y} from {x}?
                        Subtract {y} from {x}.
                        What is {x} take away {y}?
                        Tell me what {x} minus {y} is.
                        Calculate {x} minus {y}.
                        Can you take {y} from {x}?
                        {x} minus {y} is what?
                        {x} minus {y} makes what?
                        What does {x} minus {y} make?
                        Do you know what {x} minus {y} is?
                        """, "{x} minus {y} is {z}.", form[i - j], "And {x} minus {y}?\nWhat about {x} minus {y}?", z=form[i - j], **slots))
                if i != j:
                    big, small = form[max(i, j)], form[min(i, j)]
                    facts.append(make("bigger", """
                        Which is bigger, {x} or {y}?
                        Which number is bigger, {x} or {y}?
                        What is more, {x} or {y}?
                        Which is more, {x} or {y}?
                        Which number is larger, {x} or {y}?
                        Tell me the bigger number, {x} or {y}.
                        Is {x} or {y} bigger?
                        Is {x} or {y} the larger number?
                        Name the bigger of {x} and {y}.
                        What is the larger one of {x} and {y}?
                        Do you know which is bigger, {x} or {y}?
                        Pick the bigger number, {x} or {y}.
                        """, "The bigger number is {z}.", big, z=big, **slots))
                    facts.append(make("smaller", """
                        Which is smaller, {x} or {y}?
                        Which number is smaller, {x} or {y}?
                        What is less, {x} or {y}?
                        Which is less, {x} or {y}?
                        Which number is lower, {x} or {y}?
                        Tell me the smaller number, {x} or {y}.
                        Is {x} or {y} smaller?
                        Is {x} or {y} the lower number?
                        Name the smaller of {x} and {y}.
                        What is the lower one of {x} and {y}?
                        Do you know which is smaller, {x} or {y}?
                        Pick the smaller number, {x} or {y}.
                        """, "The smaller number is {z}.", small, z=small, **slots))
    return facts


def yes_or_no(rng: random.Random, facts: list[Fact]) -> list[Fact]:
    """Questions answered with yes or no and the right fact, for what animals say and what colour things are."""
    made = []
    for name, (sound, _, _, _, colour, food) in w.ANIMALS.items():
        slots = {"a": a(name), "x": name}
        for truth in (True, False):
            if sound is not None:
                said = sound if truth else rng.choice([v[0] for v in w.ANIMALS.values() if v[0] not in (None, sound)])
                made.append(make("yes or no", "Does {a} say {s}?\nIs it true that {a} says {s}?\nDoes the {x} say {s}?",
                                 ("Yes" if truth else "No") + ", {a} says {r}.", sound, s=said, r=sound, **slots))  # fmt: skip
            eaten = food if truth else rng.choice([v[5] for v in w.ANIMALS.values() if v[5] != food])
            made.append(make("yes or no", "Does {a} eat {s}?\nIs it true that {a} eats {s}?\nDoes the {x} eat {s}?",
                             ("Yes" if truth else "No") + ", {a} eats {r}.", food, s=eaten, r=food, **slots))  # fmt: skip
    for thing, colour in w.COLOUR_OF.items():
        for truth in (True, False):
            said = colour if truth else rng.choice([c for c in w.STORY_COLOURS if c != colour])
            made.append(make("yes or no", "Is {t} {s}?\nIs it true that {t} is {s}?\nIs the colour of {t} {s}?",
                             ("Yes" if truth else "No") + ", {t} is {r}.", colour, t=thing, s=said, r=colour))  # fmt: skip
    return made


def small_talk() -> list[Fact]:
    n = w.MODEL_NAME
    return [
        make("identity", """
            Who are you?
            What are you?
            What is your name?
            What are you called?
            Tell me your name.
            Tell me who you are.
            Do you have a name?
            May I know your name?
            How should I call you?
            Please introduce yourself.
            Introduce yourself.
            Say who you are.
            Can you tell me your name?
            Who am I talking to?
            Who is this?
            With whom do I speak?
            """, "I am {n}, a small model.\nMy name is {n}.", n, n=n),
        make("maker", """
            Who made you?
            Who built you?
            Who created you?
            Where do you come from?
            Who is your maker?
            Tell me who made you.
            """, "I was made by the Tunesmith project.", "Tunesmith"),
        make("ability", """
            What can you do?
            What do you know?
            How can you help me?
            What can I ask you?
            What do you do?
            Tell me what you can do.
            What is your job?
            """, "I can answer questions about a little world.\nI know about animals, colours, numbers and people.", "", ),
        make("greeting", """
            Hello!
            Hello.
            Hi!
            Hi there!
            Good morning!
            Good evening!
            Good day!
            Hey!
            Greetings!
            Hello, how are you?
            """, "Hello! How can I help you?\nHello! What would you like to know?", ""),
        make("how are you", """
            How are you?
            How are you today?
            How do you feel?
            Are you well?
            Is all well with you?
            """, "I am well, thank you.", ""),
        make("thanks", """
            Thank you!
            Thanks!
            Thank you very much.
            Thanks a lot!
            That was helpful, thank you.
            """, "You are welcome.", ""),
        make("goodbye", """
            Goodbye!
            Bye!
            See you!
            Good night!
            See you tomorrow!
            """, "Goodbye! See you soon.", ""),
    ]  # fmt: skip


def unknown(rng: random.Random) -> list[Fact]:
    """Questions from outside the world, so that the model says so instead of inventing."""
    subjects = ("France China Peru the_moon Mars history football physics music computers taxes poetry rockets "
                "volcanoes dinosaurs vampires chess cricket jazz medicine").replace("_", " ").split()  # fmt: skip
    return [
        make("unknown", """
            What is the capital of {s}?
            Who is the king of {s}?
            Who was the first president of {s}?
            Why is {s} so famous?
            What is the weather in {s}?
            How far is it to {s}?
            Write an essay about {s}.
            Explain {s} to me.
            Who invented {s}?
            What is the history of {s}?
            How does {s} work?
            """, "I do not know that.\nI do not know that. My world is small.", "", s=rng.choice(subjects) if s is None else s)
        for s in subjects
    ]  # fmt: skip


def all_facts(rng: random.Random) -> list[Fact]:
    facts = animals() + people() + things() + sequences() + numbers() + small_talk() + unknown(rng)
    return facts + yes_or_no(rng, facts)
