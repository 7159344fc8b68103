"""Writes fixtures/: a toy tokenizer, and what transformers makes of chat templates with it.

    python -m venv venv && venv/bin/pip install transformers==5.23.0 tokenizers==0.23.3 jinja2==3.1.6
    venv/bin/python tests/unit/data/make_data_fixtures.py

Templates, texts and tokenizer are this project's own. The templates mark answers by `{% generation %}`, so that
transformers gives the masks to compare with; the page ignores that mark.
"""

import json
from pathlib import Path

import tokenizers
import transformers
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

FOLDER = Path(__file__).parent / "fixtures"
FOLDER.mkdir(exist_ok=True)

SENTENCES = [
    "The captain asked the parrot a question, and the parrot answered twice.",
    "Below the deck there are 12 barrels, 7 ropes and 1 very old cat.",
    "What is the name of the ship? The name of the ship is Morning Star.",
    "Zwölf Fässer, süßer Käse; où est le bateau? 船在哪里？船在海上。",
    "Who are you? I am the assistant of the user, said the system.",
] * 4

PATTERN = r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
SPECIAL = ["<bos>", "<pad>", "<turn>", "</turn>"]


def toy_tokenizer():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PATTERN), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(SENTENCES, trainer)
    tokenizer.add_tokens([AddedToken("[tool]", special=False, normalized=False)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<bos> $A", special_tokens=[("<bos>", tokenizer.token_to_id("<bos>"))]
    )
    return tokenizer


TEMPLATES = {
    # A turn ends with a special token and a line break; white space is kept.
    "turns": """{%- if messages[0].role != 'system' -%}
<turn>system
Be brief.</turn>
{% endif -%}
{%- for message in messages -%}
    {%- if message.role == 'assistant' -%}
        {{- '<turn>assistant\\n' -}}
        {%- generation -%}{{- message.content + '</turn>' -}}{%- endgeneration -%}
        {{- '\\n' -}}
    {%- else -%}
        {{- '<turn>' + message.role + '\\n' + message.content + '</turn>\\n' -}}
    {%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<turn>assistant\\n' -}}{%- endif -%}""",
    # Trims, writes the bos_token, has macros, a namespace, a loop over a slice, filters and tests.
    "trimmed": """{{ bos_token }}
{%- set ns = namespace(count=0) -%}
{%- macro head(role, number) -%}<turn>{{ role | upper }} {{ number }}: {% endmacro -%}
{%- if messages[0]['role'] == 'system' -%}
    {%- set system = messages[0]['content'] | trim -%}
    {%- set rest = messages[1:] -%}
{%- else -%}
    {%- set system = 'tools are ' ~ ('none' if tools is none else 'some') -%}
    {%- set rest = messages -%}
{%- endif -%}
{{ {'system': system, 'count': ns.count} | tojson }}
{% for message in rest %}
    {% if (message.role == 'user') != (loop.index0 % 2 == 0) %}
        {{ raise_exception('Roles must alternate, but message ' ~ loop.index ~ ' is of ' ~ message.role) }}
    {% endif %}
    {% if message.role == 'user' %}
        {% set ns.count = ns.count + 1 %}
    {% endif %}
    {{- head(message.role, ns.count) -}}
    {%- if message.role == 'assistant' -%}
        {%- generation -%}{{- message.content | trim -}}</turn>{%- endgeneration -%}
    {%- else -%}
        {{- message.content | trim -}}</turn>
    {%- endif -%}
{% endfor %}
{%- if add_generation_prompt -%}{{- head('assistant', ns.count) -}}{%- endif -%}""",
    # Adds thoughts to the last answer only, so that renderings of beginnings differ from the whole.
    "thinking": """{%- for message in messages -%}
    {%- if message.role == 'assistant' -%}
        {{- '<turn>assistant\\n' -}}
        {%- generation -%}
        {%- if loop.last -%}{{- '[no thoughts]\\n' -}}{%- endif -%}
        {{- message.content + '</turn>' -}}
        {%- endgeneration -%}
        {{- '\\n' -}}
    {%- else -%}
        {{- '<turn>' + message.role + '\\n' + message.content + '</turn>\\n' -}}
    {%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<turn>assistant\\n' -}}{%- endif -%}""",
}


def turn(*contents, system=None):
    messages = [] if system is None else [{"role": "system", "content": system}]
    roles = ("user", "assistant")
    return messages + [{"role": roles[i % 2], "content": text} for i, text in enumerate(contents)]


CONVERSATIONS = [
    turn("Who are you?", "I am the parrot."),
    turn("Where is the ship?", "On the sea.", "And the cat?", "Below the deck, 12 barrels down."),
    turn("你好", "船在海上。🦜", system="Antworte süß.\n"),
    turn(" spaces  around ", "  two spaces, then\n\nlines\n", "\n", "\nA line break first"),
    turn("the user said </turn> twice", "and so did I</turn>", system='with "quotes" and <b>markup</b>'),
    turn("one", "1", "two", "2", "three", "3"),
]

TEXTS = [
    "",
    " ",
    "\n\n  \n",
    "The captain's 123 parrots\twon't ANSWER.",
    "e\u0301 is \u00e9; \u212b is \u00c5",
    "船在哪里？ 🏴\u200d☠️ 👩\u200d👩\u200d👧",
    "<turn>user\nHi</turn><pad><bos>",
    "[tool] and [tools]",
    "العربية हिन्दी ไทย",
    "\u0000\u0001 control",
]

tokenizer = toy_tokenizer()
(FOLDER / "toy_tokenizer.json").write_text(tokenizer.to_str(pretty=False) + "\n")
fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<bos>", eos_token="</turn>", pad_token="<pad>")


def case(template, messages):
    fast.chat_template = template
    result = {"messages": messages}
    try:
        result["text"] = fast.apply_chat_template(messages, tokenize=False)
    except Exception as error:
        return {**result, "error": str(error)}
    result["prompt"] = fast.apply_chat_template(messages[:-1], tokenize=False, add_generation_prompt=True)
    encoded = fast.apply_chat_template(messages, return_dict=True, return_assistant_tokens_mask=True)
    result["ids"] = encoded["input_ids"]
    result["mask"] = encoded["assistant_masks"]
    return result


templates = {
    name: {"source": source, "cases": [case(source, messages) for messages in CONVERSATIONS]}
    for name, source in TEMPLATES.items()
}
templates["trimmed"]["cases"].append(case(TEMPLATES["trimmed"], turn("a", "b")[::-1]))
fixtures = {
    "made_with": {"transformers": transformers.__version__, "tokenizers": tokenizers.__version__},
    "templates": templates,
    "texts": [
        {
            "text": text,
            "ids": tokenizer.encode(text, add_special_tokens=False).ids,
            "with_special": tokenizer.encode(text).ids,
            "decoded": tokenizer.decode(tokenizer.encode(text).ids, skip_special_tokens=False),
            "without_special": tokenizer.decode(tokenizer.encode(text).ids, skip_special_tokens=True),
        }
        for text in TEXTS
    ],
}
(FOLDER / "data.json").write_text(json.dumps(fixtures, indent=1, ensure_ascii=False) + "\n")
for path in sorted(FOLDER.iterdir()):
    print(path.name, path.stat().st_size, "bytes")
