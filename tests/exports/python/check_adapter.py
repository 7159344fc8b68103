"""An exported PEFT folder, loaded with peft over its base, against the logits that Tunesmith computed."""

import numpy
import torch
from peft import PeftModel

import reference


def logits_of(model, input_ids):
    with torch.no_grad():
        return model(input_ids=torch.tensor([input_ids]), use_cache=False).logits[0]


def check(base, adapter, logits, input_ids, load_in_4bit):
    """
    base, adapter: folders. logits: file of f32 [tokens, vocabulary].
    The logits may err, against float64, TOLERANCE_FACTOR times as much as PyTorch's own float32.
    """
    tuned = PeftModel.from_pretrained(reference.load_base(base, load_in_4bit), adapter).eval()
    plain = logits_of(tuned, input_ids)
    exact_base = reference.to_float64(reference.load_base(base, load_in_4bit))
    alone = logits_of(exact_base, input_ids)
    exact = logits_of(PeftModel.from_pretrained(exact_base, adapter).eval().double(), input_ids)
    ours = torch.from_numpy(numpy.fromfile(logits, numpy.float32)).reshape(exact.shape)
    return {
        "difference": reference.max_error(ours, exact),
        "allowed": reference.TOLERANCE_FACTOR * reference.max_error(plain, exact),
        "effect": reference.max_error(alone, exact),
    }
