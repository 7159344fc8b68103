"""An exported ONNX folder in onnxruntime-genai, against the logits of base and adapter."""

import numpy
import onnxruntime_genai


def check(folder, logits, input_ids):
    """
    folder: with genai_config.json. logits: file of f32 [tokens, vocabulary].
    The tokens are given one by one, so that all but the first use the caches.
    """
    expected = numpy.fromfile(logits, numpy.float32).reshape(len(input_ids), -1)
    model = onnxruntime_genai.Model(folder)
    parameters = onnxruntime_genai.GeneratorParams(model)
    parameters.set_search_options(max_length=len(input_ids) + 1, do_sample=False)
    generator = onnxruntime_genai.Generator(model, parameters)
    difference = 0.0
    for position, token in enumerate(input_ids):
        generator.append_tokens(numpy.array([[token]], numpy.int32))
        row = numpy.asarray(generator.get_logits(), numpy.float32).reshape(-1)
        difference = max(difference, float(numpy.abs(row - expected[position]).max()))
    return {"difference": difference}
