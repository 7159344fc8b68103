"""What make_fixtures.py and the checks of tests/exports/python share: models in float32 and float64, 4-bit bases, and the loss."""

import math
import os

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import bitsandbytes.functional as bnb
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from transformers import AutoModelForCausalLM, BitsAndBytesConfig, logging
from transformers.models.ernie4_5 import modeling_ernie4_5
from transformers.models.glm import modeling_glm

logging.set_verbosity_error()
logging.disable_progress_bar()
torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)

# ERNIE's is GLM's with casts to float32, which change nothing where all is float32 and spoil float64.
modeling_ernie4_5.apply_rotary_pos_emb = modeling_glm.apply_rotary_pos_emb

# Two sound float32 programs differ in the order of their sums: a plain loop of n terms errs about √n ε where
# PyTorch's 16 lanes err √(n / 16) ε, a factor of 4; WGSL's exp, cos and inverseSqrt may add as much again.
TOLERANCE_FACTOR = 8


def load_base(folder, load_in_4bit=False):
    """The model in `folder` in float32. With `load_in_4bit` its decoder's linear layers hold what NF4 with
    double quantisation leaves of their weights, as plain float32, so that every product is exact float32."""
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    if load_in_4bit:
        for module in decoder_linears(model).values():
            packed, state = quantize(module.weight.data)
            module.weight.data = bnb.dequantize_4bit(packed, state)
    return model.eval()


def load_bitsandbytes(folder):
    """The model in `folder` as transformers and bitsandbytes load it in 4 bits, in training mode: when not
    training, bitsandbytes' layers compute in bfloat16 on CPUs that can."""
    config = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.float32,
    )
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, quantization_config=config).train()


def decoder_linears(model):
    """Name → module of the linear layers that 4-bit loading quantises: all but the head."""
    return {
        n: m
        for n, m in model.named_modules()
        if isinstance(m, torch.nn.Linear) and n != "lm_head" and "vision_tower" not in n
    }


def quantize(weight):
    return bnb.quantize_4bit(weight, blocksize=64, compress_statistics=True, quant_type="nf4")


def rotary_frequencies(config, rope):
    """Inverse frequencies in float64 and the factor on their cosines and sines, by the formulas of transformers'
    modeling_rope_utils. Sequences within max_position_embeddings leave `dynamic` as it is by default."""
    head_dim = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    dim = int(head_dim * rope.get("partial_rotary_factor", 1.0))
    plain = rope["rope_theta"] ** -(torch.arange(0, dim, 2, dtype=torch.float64) / dim)
    kind = rope["rope_type"]
    if kind in ("default", "dynamic"):
        return plain, 1.0
    factor = rope["factor"]
    if kind == "linear":
        return plain / factor, 1.0
    turns = rope["original_max_position_embeddings"] * plain / (2 * math.pi)
    if kind == "llama3":
        low, high = rope["low_freq_factor"], rope["high_freq_factor"]
        smooth = ((turns - low) / (high - low)).clamp(0, 1)
        return plain * (smooth + (1 - smooth) / factor), 1.0
    assert kind == "yarn", rope
    # The index at which a frequency makes so many turns within the original length.
    index_of = lambda count: dim * math.log(rope["original_max_position_embeddings"] / (count * 2 * math.pi)) / (
        2 * math.log(rope["rope_theta"])
    )
    low = max(math.floor(index_of(rope["beta_fast"])), 0)
    high = min(math.ceil(index_of(rope["beta_slow"])), dim - 1)
    stretched = ((torch.arange(dim // 2, dtype=torch.float64) - low) / (high - low)).clamp(0, 1)
    return plain * (stretched / factor + 1 - stretched), 0.1 * math.log(factor) + 1


def to_float64(model):
    """`model` in float64 throughout: transformers casts to float32 inside two modules, which are replaced."""
    model = model.double()
    config = model.config.get_text_config()
    for module in model.modules():
        kind = type(module).__name__
        if kind == "Gemma3RMSNorm":
            module.forward = lambda x, m=module: rms_norm(x, 1 + m.weight, m.eps)
        elif kind.endswith("RMSNorm"):
            module.forward = lambda x, m=module: rms_norm(x, m.weight, m.variance_epsilon)
        elif kind == "Gemma3RotaryEmbedding":
            tables = {
                layer_type: checked_frequencies(config, rope, getattr(module, f"{layer_type}_inv_freq"))
                for layer_type, rope in config.rope_parameters.items()
            }
            module.forward = lambda x, position_ids, layer_type: rotary(tables[layer_type], position_ids)
        elif kind.endswith("RotaryEmbedding"):
            table = checked_frequencies(config, config.rope_parameters, module.inv_freq)
            module.forward = lambda x, position_ids: rotary(table, position_ids)
    return model


def rms_norm(x, weight, eps):
    return weight * x / torch.sqrt(x.pow(2).mean(-1, keepdim=True) + eps)


def checked_frequencies(config, rope, of_transformers):
    frequencies, factor = rotary_frequencies(config, rope)
    assert torch.allclose(of_transformers.double(), frequencies, rtol=1e-6, atol=0)
    return frequencies, factor


def rotary(table, position_ids):
    frequencies, factor = table
    angles = (position_ids[..., None].double() * frequencies).repeat(1, 1, 2)
    return angles.cos() * factor, angles.sin() * factor


class Float64Only(TorchDispatchMode):
    """Refuses float32 inside the float64 runs, but for single numbers such as Adam's count of steps."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        for tensor in out if isinstance(out, (tuple, list)) else [out]:
            single = not isinstance(tensor, torch.Tensor) or tensor.numel() == 1
            assert single or tensor.dtype != torch.float32, func
        return out


def pad(examples):
    """Examples → input_ids, attention_mask and labels [examples, longest], padded on the right."""
    longest = max(len(e["input_ids"]) for e in examples)
    row = lambda values, fill: values + [fill] * (longest - len(values))
    return (
        torch.tensor([row(e["input_ids"], 0) for e in examples]),
        torch.tensor([row([1] * len(e["input_ids"]), 0) for e in examples]),
        torch.tensor([row(e["labels"], -100) for e in examples]),
    )


def forward(model, examples):
    """Logits and token losses at the tokens of `examples`, one example after the other without padding:
    [tokens, vocab] and [tokens]. The loss at token t is that of predicting t + 1; 0 where that has no label."""
    input_ids, attention_mask, labels = pad(examples)
    logits = model(input_ids=input_ids, attention_mask=attention_mask, use_cache=False).logits
    targets = torch.nn.functional.pad(labels[:, 1:], (0, 1), value=-100)
    losses = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none")
    present = attention_mask.bool()
    return logits[present], losses.view(targets.shape)[present]


def target_tokens(examples):
    """How many tokens are predicted: labels other than -100, but for the first of each example."""
    return sum(label != -100 for e in examples for label in e["labels"][1:])


def max_error(ours, exact):
    return (ours.double() - exact).abs().max().item()
