"""Writes fixtures/: small tokenizers built as those of each model family, and what Python's tokenizers make of hard texts.

    python -m venv venv && venv/bin/pip install transformers==5.23.0 tokenizers==0.23.3
    venv/bin/python tests/tokenizers/make_fixtures.py

Normalizer, pre-tokenizer, model flags, post-processor, decoder and added tokens are as the family has them; the
vocabularies are trained on the text below. Random texts are not stored: the tests draw the same ones (`Draw`), and compare
a checksum of each text's ids. If TUNESMITH_PUBLISHED names a folder of
published files (tests/published/README.md), checksums of published tokenizers are written as well.
"""

import json
import os
from pathlib import Path

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

HERE = Path(__file__).parent
PUBLISHED = os.environ.get("TUNESMITH_PUBLISHED")
OUT = HERE / "fixtures"

TRAINING = """
The harbour master counts 12 boats, 345 ropes and 6789 fish before the rain comes in from the sea.
"Don't wait," she'll say; "we've seen the tide, and they're late. I'd go, it's time, I'm ready."
def weigh(fish, scale=1.5):\n    return sum(f.mass * scale for f in fish)  # in kilograms
for (let i = 0; i < 10; i++) {\n\tconsole.log(`row ${i}`);\n}
WHERE DOES THE RIVER END? The River Ends In The Sea, said the CamelCased captainOfTheShip.
船在海上，灯在塔上。今天的鱼很多，明天的鱼也很多。你会回答这个问题吗？
夜の港に船が三つあります。カモメは魚を見ています。
السفينة في البحر والقمر فوق الماء.
Корабль в море, а рыба на столе. Θάλασσα και ουρανός.
Zwölf süße Äpfel kosten 3,50 €; où est l'été, señor? Tiếng Việt rất hay.
배가 바다에 있습니다. नाव समुद्र में है। เรืออยู่ในทะเล
😀 👩‍👩‍👧 🏴‍☠️ 👍🏽 🇩🇪
""".strip().split("\n")

GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
QWEN = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
LLAMA3 = QWEN.replace(r"|\p{N}|", r"|\p{N}{1,3}|")
CASED = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|"
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|"
    r"\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def sequence(kind, *parts):
    names = {"normalizers": "normalizers", "pre": "pretokenizers", "post": "processors", "decoders": "decoders"}
    return {"type": "Sequence", names[kind]: list(parts)}


def byte_level(add_prefix_space=False, trim_offsets=True, use_regex=True):
    flags = {"add_prefix_space": add_prefix_space, "trim_offsets": trim_offsets, "use_regex": use_regex}
    return {"type": "ByteLevel", **flags}


def split(regex, behavior="Isolated"):
    return {"type": "Split", "pattern": {"Regex": regex}, "behavior": behavior, "invert": False}


def replace(old, new):
    return {"type": "Replace", "pattern": {"String": old}, "content": new}


def template(*tokens):
    single = [{"SpecialToken": {"id": name, "type_id": 0}} for name, _ in tokens] + [{"Sequence": {"id": "A", "type_id": 0}}]
    pair = single + [{"Sequence": {"id": "B", "type_id": 1}}]
    special = {name: {"id": name, "ids": [number], "tokens": [name]} for name, number in tokens}
    return {"type": "TemplateProcessing", "single": single, "pair": pair, "special_tokens": special}


def added(content, number, special=True, **flags):
    entry = {"id": number, "content": content, "single_word": False, "lstrip": False, "rstrip": False}
    return {**entry, "normalized": False, "special": special, **flags}


def trained(pre_tokenizer, size, alphabet=(), normalizer=None):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizer
    if normalizer:
        tokenizer.normalizer = normalizer
    trainer = trainers.BpeTrainer(vocab_size=size, initial_alphabet=list(alphabet), show_progress=False)
    tokenizer.train_from_iterator(TRAINING * 2, trainer)
    model = json.loads(tokenizer.to_str())["model"]
    return model["vocab"], model["merges"]


def byte_level_model(**flags):
    """The vocabulary of GPT-2 and its kin: 256 byte characters, then merges."""
    vocab, merges = trained(pre_tokenizers.ByteLevel(add_prefix_space=False), 900, sorted(pre_tokenizers.ByteLevel.alphabet()))
    model = {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None}
    model |= {"end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False}
    return {**model, **flags, "vocab": vocab, "merges": merges}


def sentence_piece_model(first, **flags):
    """The vocabulary of SentencePiece's BPE: special tokens, 256 bytes, then pieces and the merges that make them."""
    pieces, merges = trained(pre_tokenizers.Metaspace(), 800)
    names = list(first) + [f"<0x{byte:02X}>" for byte in range(256)] + list(pieces)
    spaces = [[left, right] for left, right in (("▁", "▁"), ("▁▁", "▁▁"), ("▁▁▁▁", "▁▁▁▁"))]
    names += [left + right for left, right in spaces]
    vocab = {name: number for number, name in enumerate(dict.fromkeys(names))}
    runs = [name for name in first if len(name) > 1 and not name.strip("\n▁")]
    if runs:  # all pairs that make a run, the longest left part first
        pairs = [[run[:at], run[at:]] for run in runs for at in range(1, len(run)) if run[:at] in vocab and run[at:] in vocab]
        spaces = sorted(pairs, key=lambda pair: (len(pair[0]), len(pair[1])), reverse=True)
    model = {"type": "BPE", "dropout": None, "unk_token": "<unk>", "continuing_subword_prefix": None}
    model |= {"end_of_word_suffix": None, "fuse_unk": True, "byte_fallback": True, "ignore_merges": False}
    return {**model, **flags, "vocab": vocab, "merges": spaces + merges if runs else merges + spaces}


FALLBACK = [replace("▁", " "), {"type": "ByteFallback"}, {"type": "Fuse"}]
STRIP = {"type": "Strip", "content": " ", "start": 1, "stop": 0}
LLAMA2_NORMALIZER = sequence("normalizers", {"type": "Prepend", "prepend": "▁"}, replace(" ", "▁"))


def family(model, added_tokens, normalizer=None, pre_tokenizer=None, post_processor=None, decoder=None):
    return {
        **{"version": "1.0", "truncation": None, "padding": None, "added_tokens": added_tokens},
        **{"normalizer": normalizer, "pre_tokenizer": pre_tokenizer, "post_processor": post_processor},
        **{"decoder": decoder, "model": model},
    }


def numbered(model, names, special=True, **flags):
    """Tokens after the vocabulary's last, or with its number where it has them."""
    entries, number = [], len(model["vocab"])
    for name in names:
        known = model["vocab"].get(name)
        entries.append(added(name, number if known is None else known, special, **flags))
        number += known is None
    return entries


def with_ids(entries, *names):
    return [(name, next(e["id"] for e in entries if e["content"] == name)) for name in names]


def families():
    result = {}

    spm = sentence_piece_model(["<unk>", "<s>", "</s>"])
    tokens = numbered(spm, ["<unk>", "<s>", "</s>"])
    llama2 = dict(normalizer=LLAMA2_NORMALIZER, post_processor=template(("<s>", 1)), decoder=sequence("decoders", *FALLBACK, STRIP))
    result["llama2"] = family(spm, tokens, **llama2)

    chat = numbered(spm, ["<unk>", "<s>", "</s>"], normalized=True) + [
        added("<|user|>", len(spm["vocab"]), rstrip=True),
        added("<|assistant|>", len(spm["vocab"]) + 1, lstrip=True, rstrip=True),
        added("[word]", len(spm["vocab"]) + 2, special=False, single_word=True),
        added("harbour master", len(spm["vocab"]) + 3, special=False, normalized=True),
    ]
    result["llama2_normalized"] = family(spm, chat, **llama2)

    yi = sentence_piece_model(["<unk>", "<|startoftext|>", "<|endoftext|>"])
    tokens = numbered(yi, ["<unk>", "<|startoftext|>", "<|endoftext|>"]) + [added("<|im_start|>", len(yi["vocab"])), added("<|im_end|>", len(yi["vocab"]) + 1)]
    result["yi"] = family(yi, tokens, normalizer=sequence("normalizers", replace(" ", "▁")), decoder=sequence("decoders", *FALLBACK))

    mistral = sentence_piece_model(["<unk>", "<s>", "</s>", "[INST]", "[/INST]", "[TOOL_CALLS]"])
    tokens = numbered(mistral, ["<unk>", "<s>", "</s>", "[INST]", "[/INST]", "[TOOL_CALLS]"])
    meta = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": False}
    result["mistral"] = family(mistral, tokens, pre_tokenizer=meta, post_processor=template(("<s>", 1)), decoder=sequence("decoders", *FALLBACK, STRIP))
    splitting = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
    result["metaspace"] = family(mistral, tokens, pre_tokenizer=splitting, decoder=splitting)

    cased = byte_level_model(ignore_merges=True)
    tokens = numbered(cased, ["<unk>", "<s>", "</s>", "[INST]", "[/INST]"])
    pre = sequence("pre", split(CASED), byte_level(use_regex=False))
    result["mistral_tekken"] = family(cased, tokens, pre_tokenizer=pre, post_processor=template(*with_ids(tokens, "<s>")), decoder=byte_level(True))

    llama3 = byte_level_model(ignore_merges=True)
    tokens = numbered(llama3, ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"])
    pre = sequence("pre", split(LLAMA3), byte_level(use_regex=False))
    post = sequence("post", byte_level(True, False), template(*with_ids(tokens, "<|begin_of_text|>")))
    result["llama3"] = family(llama3, tokens, pre_tokenizer=pre, post_processor=post, decoder=byte_level(True))
    thinking = tokens[:4] + numbered(llama3, ["x"] * 4 + ["<think>", "</think>"], special=False)[4:]
    for number, token in enumerate(thinking[4:]):
        token["id"] = len(llama3["vocab"]) + 4 + number
    result["smollm3"] = family(llama3, thinking, pre_tokenizer=pre, decoder=byte_level(True))

    smollm = byte_level_model(unk_token=None)
    tokens = numbered(smollm, ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<repo_name>"])
    pre = sequence("pre", {"type": "Digits", "individual_digits": True}, byte_level())
    result["smollm2"] = family(smollm, tokens, pre_tokenizer=pre, decoder=byte_level(True))

    qwen = byte_level_model()
    tokens = numbered(qwen, ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]) + [
        added("<tool_call>", len(qwen["vocab"]) + 3, special=False),
        added("</tool_call>", len(qwen["vocab"]) + 4, special=False),
    ]
    pre = sequence("pre", split(QWEN), byte_level(False, False, False))
    plain = byte_level(False, False, False)
    result["qwen"] = family(qwen, tokens, {"type": "NFC"}, pre, plain, plain)

    first = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "<unused0>", "<unused1>", "<start_of_turn>", "<end_of_turn>"]
    runs = ["\n" * n for n in range(1, 32)] + ["▁" * n for n in range(2, 32)] + ["<table>", "</table>", "\t\t"]
    gemma = sentence_piece_model(first + runs)
    special = first[:4] + first[7:]
    tokens = [added(name, number, special=name in special) for number, name in enumerate(first + runs)]
    spaces = {"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious", "invert": False}
    result["gemma3"] = family(gemma, tokens, replace(" ", "▁"), spaces, template(("<bos>", 2)), sequence("decoders", *FALLBACK))

    ernie = sentence_piece_model(["<unk>", "<s>", "</s>", "<|end_of_sentence|>", "<mask:0>"])
    tokens = numbered(ernie, ["<unk>", "<s>", "</s>", "<|end_of_sentence|>", "<mask:0>"])
    result["ernie4_5"] = family(ernie, tokens, normalizer=sequence("normalizers", replace(" ", "▁")), decoder=sequence("decoders", *FALLBACK))

    glm = byte_level_model()
    tokens = numbered(glm, ["<|endoftext|>", "[gMASK]", "<sop>", "<|system|>", "<|user|>", "<|assistant|>"])
    pre = sequence("pre", split(LLAMA3), byte_level(False, True, False))
    post = sequence("post", byte_level(True, False), template(*with_ids(tokens, "[gMASK]", "<sop>")))
    result["glm"] = family(glm, tokens, pre_tokenizer=pre, post_processor=post, decoder=byte_level(True))

    gpt2 = byte_level_model()
    gpt2.pop("type")
    tokens = numbered(gpt2, ["<|endoftext|>"], normalized=True)
    result["gpt2"] = family(gpt2, tokens, pre_tokenizer=byte_level(), post_processor=byte_level(True, False), decoder=byte_level(True))

    for name, behavior in (("removed", "Removed"), ("contiguous", "Contiguous"), ("previous", "MergedWithPrevious"), ("next", "MergedWithNext")):
        pre = sequence("pre", split(r"[\d,;]", behavior), {"type": "Digits", "individual_digits": False}, byte_level(True))
        result[f"split_{name}"] = family(gpt2, tokens, pre_tokenizer=pre, decoder=byte_level(True))
    return result


HARD = [
    "",
    " ",
    "  ",
    "\n",
    "\n\n\n",
    " \n \n\t \r\n",
    " " * 17 + "x" + " " * 40,
    "\n" * 35 + "end" + "\n" * 3,
    "\t\t\tif x:\n\t\t\t\treturn\r\n",
    "The harbour master counts 12 boats, 345 ropes and 6789 fish.",
    " leading and trailing ",
    "Don't, DON'T, it'S, we'Ve, I'ſ, 'ſo, y'all'd've, l'été, ’s",
    "船在海上，灯在塔上。今天的鱼很多。𠀀𪜶㐀",
    "夜の港に船が三つあります。ｶﾓﾒは魚を見ています。",
    "السفينة في البحر ١٢٣ والقمر ﷺ",
    "배가 바다에 있습니다. ᄇ\u1161\u11a8",
    "नाव समुद्र में है। क्षि १२३",
    "😀👩‍👩‍👧🏴‍☠️👍🏽🇩🇪❤️‍🔥 ⛵️",
    "cafe\u0301 \u0041\u030a \u1e69 s\u0323\u0307 s\u0307\u0323 \ud55c \u1112\u1161\u11ab \ufb01 \u212b \u2126",
    "caf\u00e9 \u00c5 ",
    "a\u0300\u0301\u0302\u0303\u0304b",
    "\u0000\u0001\u0002\u0007\u0008\u000b\u000c\u000e\u001b\u001c\u001d\u001e\u001f\u007f",
    "a\u0000b \u0000 \u001c\u001d x\u001ey\u001fz",
    "one\u0085two\u0085\u0085 three",
    "one\u00a0two \u00a0 three\u00a0",
    "one\u1680two\u2000\u2001\u2002\u2003three\u202f\u205fx",
    "one\u200btwo \u200b three\u200c\u200d\u2060",
    "one\u2028two\u2029three\u2028\u2028",
    "one\u3000two \u3000 three\u3000",
    "\ufefftext \ufeff text\ufeff",
    "\ufffd \uffff \U0010ffff \U000e0001 \ue000",
    "½ ² ³ Ⅷ ① 〇 ٣ ५ 𝟜 1234567890 12,345.67 1e-9 0x1F",
    "def weigh(fish, scale=1.5):\n    return sum(f.mass * scale for f in fish)  # in kilograms\n\n\n",
    "for (let i = 0; i < 10; i++) {\n\tconsole.log(`row ${i}`);\n}\n",
    "<div class=\"a\">\n  <p>&nbsp;</p>\n</div>",
    "CamelCasedWords snake_case_words SCREAMING_CASE kebab-case",
    "<s>", "<s> a</s>b <unk> ", " <s>", "<s", "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n",
    "a<|endoftext|>b <|endoftext|> c", "<|user|> hello   <|assistant|>   yes<|user|>",
    "[word] a[word] [word]b [word]_ [word]. é[word]", "the harbour master and  harbour master",
    "[INST] Who? [/INST] I.</s>", "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>",
    "<start_of_turn>user\nHi<end_of_turn>\n<table>\n\n</table>", "[gMASK]<sop><|user|>\nHi", "<think>\nso\n</think>\n\nyes",
    "▁ ▁▁ a▁b", "<0x41> <0x0A> <0xE4><0xBD>", "Ġ Ċ âĢ ľ", "ſ K Å ß İ ı ŉ ǰ",
    "\ua7cb \u088f \U00010d50 \U00010d40 \U000323b0 \U0002ebf0 \U0001e4d0 \u1c89 \U00011de5 \U0001fae9",
    "q\u0345\u1abf e\u1acf\u0301 e\u0301\u1ac1 \U0001611e\U0001611e \u0a3c\u08ca\u0301",
    "ᾳ ͅ ΰ Ω ℵ ẛ̣", "x" * 300, "abc" * 100, "!?" * 40, "。" * 33, "12" * 33,
    "\r\n\r\n \r\n", "a\r\rb", "tab\tsep\tvalues\n", "…—–‘’“”«»", "a/b\\c|d~e`f^g", "é́é̂",
]

ALPHABET = [
    *"aabcdeEINOSTX", *" \n\t", "  ", "    ", "\n\n", "\r\n", "\r", *"0123", *".,;:!?'\"-_/\\<>[]{}()", "'s", "'S", "'ll", "'ſ", "n't", "ſ", "K",
    "the", " the", " fish", "Ship", "harbour", "船", "在海上", "，", "。", "の", "カ", "ｶ", "ب", "السفينة", "١", "한", "\u1112\u1161\u11ab", "नि", "ก", "ж", "é", "e\u0301",
    "\u0301", "\u0323", "\u0307", "\u0345", "\u0327", "\u00e7", "\u1abf", "\u08ca", "\u0334", "\U000113c9", "\u0338", "\u1e69",
    "😀", "👩", "\u200d", "\ufe0f", "🏽", "🇩", "🇪", "\U000e0067", "\u20e3", "½", "²", "Ⅷ", "〇", "𝟜", "①",
    "\u0000", "\u0001", "\u000b", "\u000c", "\u001c", "\u001d", "\u001e", "\u001f", "\u007f", "\u0085", "\u00a0", "\u00ad", "\u1680", "\u180e", "\u2003", "\u200b",
    "\u200e", "\u2028", "\u2029", "\u202f", "\u205f", "\u2060", "\u3000", "\ufeff", "\ufffd", "\uffff", "\U0010ffff", "\ue000",
    "\ua7cb", "\ua7d2", "\u088f", "\u1c89", "\U00010d50", "\U00010d40", "\U000323b0", "\U0002ebf0", "\U0001e4d0", "\U0001e6e3", "\U00011de5", "\u0295", "\U0001fae9",
    "▁", "▁▁", "<0x41>", "<s>", "</s>", "<unk>", "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|user|>", "<|assistant|>", "[word]", "harbour master",
    "<think>", "[INST]", "<bos>", "<table>", "<|eot_id|>", "[gMASK]", "<tool_call>", "<|", "|>", "Ġ", "Ċ",
]


class Draw:
    """The generator mulberry32."""

    def __init__(self, seed):
        self.state = seed

    def below(self, limit):
        self.state = (self.state + 0x6D2B79F5) & 0xFFFFFFFF
        t = self.state
        t = ((t ^ (t >> 15)) * (t | 1)) & 0xFFFFFFFF
        t ^= (t + ((t ^ (t >> 7)) * (t | 61) & 0xFFFFFFFF)) & 0xFFFFFFFF
        return ((t ^ (t >> 14)) & 0xFFFFFFFF) * limit >> 32


def random_texts(seed, count):
    draw = Draw(seed)
    return ["".join(ALPHABET[draw.below(len(ALPHABET))] for _ in range(1 + draw.below(24))) for _ in range(count)]


def random_ids(seed, count, size):
    draw = Draw(seed)
    return [[draw.below(size + 3) for _ in range(1 + draw.below(20))] for _ in range(count)]


def checksum(numbers):
    """FNV-1a over numbers, 30 bits, as base 32 text."""
    value = 0x811C9DC5
    for number in numbers:
        value = ((value ^ number) * 0x01000193) & 0xFFFFFFFF
    value &= 0x3FFFFFFF
    return "".join("0123456789abcdefghijklmnopqrstuv"[value >> shift & 31] for shift in (25, 20, 15, 10, 5, 0))


def points(text):
    return [ord(character) for character in text]


def checksums(tokenizer, texts, decoded):
    encode = lambda text: tokenizer.encode(text, add_special_tokens=False).ids
    size = tokenizer.get_vocab_size()
    ids = random_ids(2, decoded, size)
    return {
        "texts": "".join(checksum(encode(text)) for text in random_texts(1, texts)),
        "decoded": "".join(checksum(points(tokenizer.decode(some, skip_special_tokens=False))) for some in ids),
        "without_special": "".join(checksum(points(tokenizer.decode(some, skip_special_tokens=True))) for some in ids),
    }


def write(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


def main():
    OUT.mkdir(exist_ok=True)
    expected = {}
    for name, built in families().items():
        tokenizer = Tokenizer.from_str(json.dumps(built))
        for token in built["added_tokens"]:
            assert tokenizer.token_to_id(token["content"]) == token["id"], (name, token)
        write(OUT / f"{name}.json", built)
        around = tokenizer.encode("a").ids
        inner = tokenizer.encode("a", add_special_tokens=False).ids
        expected[name] = {
            "before": around[: len(around) - len(inner)],
            "hard": [tokenizer.encode(text, add_special_tokens=False).ids for text in HARD],
            "decoded": [tokenizer.decode(tokenizer.encode(text).ids, skip_special_tokens=False) for text in HARD],
            **{"random": checksums(tokenizer, 1500, 500)},
        }
    write(OUT / "expected.json", {"hard": HARD, "alphabet": ALPHABET, "families": expected})
    if PUBLISHED:
        published = {}
        for path in sorted((Path(PUBLISHED) / "tokenizers").glob("*/tokenizer.json")):
            tokenizer = Tokenizer.from_file(str(path))
            published[path.parent.name] = {
                "hard": "".join(checksum(tokenizer.encode(text, add_special_tokens=False).ids) for text in HARD),
                **{"random": checksums(tokenizer, 2500, 500)},
            }
        write(OUT / "published.json", published)


if __name__ == "__main__":
    main()
