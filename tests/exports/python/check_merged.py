"""A merged checkpoint, opened with transformers, against base + adapter as transformers and peft compute them."""

import math
from pathlib import Path

import torch
from peft import PeftModel
from safetensors import safe_open
from transformers import AutoModelForCausalLM, AutoTokenizer

import reference

# The largest relative change of a value by rounding, and half the distance between the smallest numbers.
ROUNDING = {
    torch.float32: (2**-24, 2**-150),
    torch.float16: (2**-11, 2**-25),
    torch.bfloat16: (2**-8, 2**-134),
}
# The largest of many normally distributed errors is about four times the typical one.
SPREAD = 4


def logits_of(model, input_ids):
    with torch.no_grad():
        return model(input_ids=input_ids, use_cache=False).logits[0]


def worst_weight(stored, exact, dtype):
    """
    The largest error of a weight, as a multiple of what one rounding explains: of the sum in float32, which is
    relative to the tensor's largest value because base and adapter may cancel, then to the dtype.
    """
    rounding, smallest = ROUNDING[dtype]
    exact = dict(exact.named_parameters())
    worst = 0.0
    for name, weight in stored.named_parameters():
        value = exact[name]
        allowed = rounding * value.abs() + smallest + 2**-22 * value.abs().max()
        worst = max(worst, ((weight - value).abs() / allowed).max().item())
    return worst


def check(base, adapter, merged, input_ids, load_in_4bit):
    """
    base, adapter, merged: folders. Both sides compute in float64. The logits may differ by TOLERANCE_FACTOR times what
    float32 explains, or, of an export in 16 bits, by what rounding each weight to its dtype explains: independent
    errors of relative size u in n matrices one after the other change the logits by about √n · u.
    """
    opened = AutoModelForCausalLM.from_pretrained(merged, dtype="auto").eval()
    dtype = opened.dtype
    opened = reference.to_float64(opened.float())
    AutoTokenizer.from_pretrained(merged)
    names = [name for file in sorted(Path(merged).glob("*.safetensors")) for name in safe_open(file, "pt").keys()]
    tied = opened.config.get_text_config().tie_word_embeddings
    if len(names) != len(set(names)) or (tied and "lm_head.weight" in names):
        raise ValueError("the folder stores a weight twice")

    input_ids = torch.tensor([input_ids])
    plain = reference.to_float64(reference.load_base(base, load_in_4bit))
    alone = logits_of(plain, input_ids)
    peft = PeftModel.from_pretrained(plain, adapter).eval().double()
    tuned = logits_of(peft, input_ids)
    matrices = sum(1 for parameter in opened.parameters() if parameter.ndim > 1)
    rounding = ROUNDING[dtype][0] * (reference.TOLERANCE_FACTOR if dtype == torch.float32 else SPREAD)
    return {
        "difference": reference.max_error(logits_of(opened, input_ids).double(), tuned),
        "allowed": math.sqrt(matrices) * rounding * tuned.abs().max().item(),
        "effect": reference.max_error(alone, tuned),
        "weights": worst_weight(opened, peft.merge_and_unload(), dtype),
    }
