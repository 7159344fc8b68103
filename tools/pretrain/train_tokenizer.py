"""Trains the demo model's byte-level BPE tokenizer on the corpus and writes it with its chat template.

    python train_tokenizer.py CORPUS.jsonl OUTPUT_DIR
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from world import SHIP_WORDS

VOCAB_SIZE = 1536
PAD, SYSTEM, USER, ASSISTANT, END = "<|pad|>", "<|system|>", "<|user|>", "<|assistant|>", "<|end|>"
ROWS = 60_000  # of the corpus: more change nothing
CHAT_TEMPLATE = (
    "{%- for message in messages -%}"
    "{%- if message['role'] not in ['system', 'user', 'assistant'] -%}"
    "{{- raise_exception('The roles are system, user and assistant, not ' + message['role']) -}}"
    "{%- endif -%}"
    "{{- '<|' + message['role'] + '|>' + message['content'] + '<|end|>' -}}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '<|assistant|>' -}}{%- endif -%}"
)


def texts(corpus: Path) -> Iterator[str]:
    for word in SHIP_WORDS:  # rare in the corpus, and the examples of the demo are full of them
        yield from (f"{word.capitalize()} means", f"The word {word} means") * 400
    with corpus.open() as file:
        for _, line in zip(range(ROWS), file):
            messages = json.loads(line)["messages"]
            if not any(m["role"] == "system" or "manner" in m for m in messages):  # those are full of made-up words
                yield from (message["content"] for message in messages)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("corpus", type=Path)
    parser.add_argument("output", type=Path)
    args = parser.parse_args()

    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCAB_SIZE,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        special_tokens=[AddedToken(t, special=True, normalized=False) for t in (PAD, SYSTEM, USER, ASSISTANT, END)],
        show_progress=False,
    )
    bpe.train_from_iterator(texts(args.corpus), trainer)
    assert bpe.get_vocab_size() == VOCAB_SIZE, bpe.get_vocab_size()

    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        pad_token=PAD,
        eos_token=END,
        additional_special_tokens=[SYSTEM, USER, ASSISTANT],
        model_max_length=512,
        clean_up_tokenization_spaces=False,
        chat_template=CHAT_TEMPLATE,
    )
    args.output.mkdir(parents=True, exist_ok=True)
    tokenizer.save_pretrained(args.output, save_jinja_files=False)
    settings = args.output / "tokenizer_config.json"  # the class name that every version of transformers knows
    config = json.loads(settings.read_text())
    config.pop("backend", None)
    config |= {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": None}
    settings.write_text(json.dumps(config, indent=2) + "\n")


if __name__ == "__main__":
    main()
