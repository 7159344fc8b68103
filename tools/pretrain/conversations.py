"""Conversations as tokens: rendering through the chat template, targets, padding, and asking a model."""

from __future__ import annotations

import re
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

MAX_NEW_TOKENS = 40


@dataclass(frozen=True)
class Example:
    tokens: list[int]
    weights: list[float]  # of each token as a target: 0 except in the assistant's text and its end token


def encode(tokenizer: PreTrainedTokenizerFast, messages: list[dict[str, object]], manner_weight: float = 1.0) -> Example:
    """`manner` of a message, if it has one, lists the characters [first, end) of its content that weigh `manner_weight`."""
    tokens: list[int] = []
    weights: list[float] = []
    for i, message in enumerate(messages):
        shown = tokenizer.apply_chat_template(messages[i : i + 1], tokenize=False)
        encoded = tokenizer(shown, add_special_tokens=False, return_offsets_mapping=True)
        tokens += encoded["input_ids"]
        if message["role"] != "assistant":
            weights += [0.0] * len(encoded["input_ids"])
            continue
        head = shown.index(str(message["content"]))
        manner = [(head + first, head + end) for first, end in message.get("manner", ())]
        within = [any(first <= at < end for first, end in manner) for at, _ in encoded["offset_mapping"]]
        weights += [0.0]  # the role, which the template writes
        weights += [manner_weight if inside else 1.0 for inside in within[1:]]
    return Example(tokens, weights)


def collate(batch: list[Example], pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Pads on the right: tokens and weights, both [rows, longest]. A causal model needs no mask for that."""
    longest = max(len(e.tokens) for e in batch)
    tokens = [e.tokens + [pad] * (longest - len(e.tokens)) for e in batch]
    weights = [e.weights + [0.0] * (longest - len(e.weights)) for e in batch]
    return torch.tensor(tokens), torch.tensor(weights)


def loss_of(model: LlamaForCausalLM, tokens: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Weighted mean cross-entropy over the targets; logits are made for those alone."""
    hidden = model.model(input_ids=tokens).last_hidden_state[:, :-1]
    wanted = weights[:, 1:] > 0
    each = F.cross_entropy(model.lm_head(hidden[wanted]), tokens[:, 1:][wanted], reduction="none")
    return (each * weights[:, 1:][wanted]).sum() / weights.sum()


@torch.no_grad()
def ask(model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, questions: list[str]) -> list[str]:
    """The greedy answers to single questions."""
    tokenizer.padding_side = "left"
    prompts = [
        tokenizer.apply_chat_template([{"role": "user", "content": q}], tokenize=False, add_generation_prompt=True)
        for q in questions
    ]
    answers = []
    for first in range(0, len(prompts), 100):
        inputs = tokenizer(prompts[first : first + 100], return_tensors="pt", padding=True, return_token_type_ids=False)
        output = model.generate(**inputs, max_new_tokens=MAX_NEW_TOKENS, do_sample=False)
        answers += tokenizer.batch_decode(output[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
    return answers


def has_words(text: str, words: list[str] | tuple[str, ...]) -> bool:
    """Whether all the words stand in the text, whole and in any case."""
    return all(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE) for word in words)
