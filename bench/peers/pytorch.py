"""What transformers + peft reach on this machine: LoRA training steps on a model of a published shape, with random weights.

Forward, backward and AdamW on every linear of the blocks, as the whole steps of `npm run bench`. Nothing is downloaded.

    pip install torch transformers peft            (bitsandbytes for --4bit)
    python pytorch.py --model Qwen2.5-0.5B --batch 1 --length 1024 --checkpointing > pytorch.json

Prints one JSON object: the machine, what was measured, milliseconds a step, tokens a second, peak memory.
"""

import argparse
import importlib.metadata
import importlib.util
import json
import platform
import statistics
import sys
import time
from datetime import datetime, timezone

import torch
from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training
from torch import nn
from transformers import LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM

LLAMA_3_ROPE = {
    "rope_type": "llama3",
    "factor": 32.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}

# Of each model's published config.json: hidden, MLP, blocks, heads, key/value heads, vocabulary.
MODELS = {
    "tiny": (LlamaForCausalLM, LlamaConfig, (64, 128, 2, 4, 2, 512), {}),
    "SmolLM2-135M": (LlamaForCausalLM, LlamaConfig, (576, 1536, 30, 9, 3, 49152), {"rope_theta": 100000.0}),
    "Qwen2.5-0.5B": (Qwen2ForCausalLM, Qwen2Config, (896, 4864, 24, 14, 2, 151936), {"rope_theta": 1000000.0}),
    "Llama-3.2-1B": (
        LlamaForCausalLM,
        LlamaConfig,
        (2048, 8192, 16, 32, 8, 128256),
        {"rope_theta": 500000.0, "rope_scaling": LLAMA_3_ROPE},
    ),
    "Qwen2.5-1.5B": (Qwen2ForCausalLM, Qwen2Config, (1536, 8960, 28, 12, 2, 151936), {"rope_theta": 1000000.0}),
}

LINEARS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", choices=MODELS, default="Qwen2.5-0.5B")
    parser.add_argument("--batch", type=int, default=1, help="rows of a step")
    parser.add_argument("--length", type=int, default=1024, help="tokens of a row")
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--checkpointing", action="store_true", help="recompute activations in the backward pass")
    parser.add_argument("--4bit", dest="four_bit", action="store_true", help="the base in NF4 by bitsandbytes")
    parser.add_argument("--steps", type=int, default=20, help="steps that are timed")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    return parser.parse_args()


def quantize(model: nn.Module) -> None:
    """Replaces the blocks' linears by NF4 with double quantisation; they are packed when moved to the device."""
    import bitsandbytes

    for path, linear in list(model.named_modules()):
        if path.rsplit(".", 1)[-1] not in LINEARS:
            continue
        packed = bitsandbytes.nn.Linear4bit(
            linear.in_features,
            linear.out_features,
            bias=linear.bias is not None,
            compute_dtype=torch.bfloat16,
            quant_type="nf4",
            compress_statistics=True,
        )
        packed.weight = bitsandbytes.nn.Params4bit(
            linear.weight.data, requires_grad=False, quant_type="nf4", compress_statistics=True
        )
        if linear.bias is not None:
            packed.bias = linear.bias
        model.set_submodule(path, packed)
    model.is_loaded_in_4bit = True


def build(options: argparse.Namespace) -> nn.Module:
    model_class, config_class, (hidden, mlp, blocks, heads, kv_heads, vocab), more = MODELS[options.model]
    config = config_class(
        hidden_size=hidden,
        intermediate_size=mlp,
        num_hidden_layers=blocks,
        num_attention_heads=heads,
        num_key_value_heads=kv_heads,
        vocab_size=vocab,
        tie_word_embeddings=True,
        max_position_embeddings=max(32768, options.length),
        use_cache=False,
        **more,
    )
    torch.manual_seed(1)
    model = model_class(config).to(torch.bfloat16)
    if options.four_bit:
        quantize(model)
    model.to(options.device)
    if options.four_bit:
        model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)
    adapted = get_peft_model(
        model,
        LoraConfig(r=options.rank, lora_alpha=2 * options.rank, target_modules=LINEARS, task_type="CAUSAL_LM"),
    )
    if options.checkpointing:
        adapted.enable_input_require_grads()
        adapted.gradient_checkpointing_enable({"use_reentrant": False})
    return adapted.train()


def version(package: str) -> str | None:
    return importlib.metadata.version(package) if importlib.util.find_spec(package) else None


def measure(options: argparse.Namespace) -> dict:
    device = torch.device(options.device).type
    cuda = device == "cuda"
    model = build(options)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=2e-4, fused=cuda)
    vocab = MODELS[options.model][2][-1]
    tokens = torch.randint(0, vocab, (options.batch, options.length), device=options.device)

    def step() -> float:
        if cuda:
            torch.cuda.synchronize()
        start = time.perf_counter()
        # Like the Trainer with bf16=True: peft keeps LoRA's matrices in f32, and their products are bf16.
        with torch.autocast(device, torch.bfloat16):
            loss = model(input_ids=tokens, labels=tokens).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        if cuda:
            torch.cuda.synchronize()
        return time.perf_counter() - start

    for _ in range(3):
        step()
    if cuda:
        torch.cuda.reset_peak_memory_stats()
    seconds = sorted(step() for _ in range(options.steps))
    median = statistics.median(seconds)
    quartile = len(seconds) // 4
    return {
        "model": options.model,
        "base": "nf4" if options.four_bit else "bf16",
        "rank": options.rank,
        "batch": options.batch,
        "length": options.length,
        "gradient_checkpointing": options.checkpointing,
        "trained_parameters": sum(parameter.numel() for parameter in trained),
        "steps": options.steps,
        "milliseconds": 1000 * median,
        "milliseconds_quartiles": [1000 * seconds[quartile], 1000 * seconds[-1 - quartile]],
        "tokens_per_second": options.batch * options.length / median,
        # The peak of PyTorch's allocator. The host's memory is unknown, because the interpreter's can't be separated.
        "peak_bytes": torch.cuda.max_memory_allocated() if cuda else None,
    }


def main() -> None:
    options = arguments()
    if options.four_bit and importlib.util.find_spec("bitsandbytes") is None:
        sys.exit("--4bit needs bitsandbytes: pip install bitsandbytes")
    result = measure(options)
    cuda = options.device.startswith("cuda")
    machine = {
        "name": platform.node(),
        "device": torch.cuda.get_device_name() if cuda else platform.processor() or platform.machine(),
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "versions": {name: version(name) for name in ("torch", "transformers", "peft", "bitsandbytes")},
    }
    print(json.dumps({"format": "tunesmith-pytorch-1", "machine": machine, "result": result}, indent=2))


if __name__ == "__main__":
    main()
