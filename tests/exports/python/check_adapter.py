"""An exported PEFT folder, loaded with peft over its base, against the logits of base and adapter in float64."""

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
    An adapter is exported as it is, so only the file's own rounding to float32 is left.
    """
    exact_base = reference.to_float64(reference.load_base(base, load_in_4bit))
    alone = logits_of(exact_base, input_ids)
    exact = logits_of(PeftModel.from_pretrained(exact_base, adapter).eval().double(), input_ids)
    expected = torch.from_numpy(numpy.fromfile(logits, numpy.float32)).reshape(exact.shape)
    return {
        "difference": reference.max_error(expected, exact),
        "allowed": 2**-24 * exact.abs().max().item(),
        "effect": reference.max_error(alone, exact),
    }
