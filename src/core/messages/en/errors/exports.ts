import { format } from '../format';

export const exportErrors = {
  export_differs: {
    message: 'The exported files, read back, differ from the model they were made from.',
    hint: 'Export again. If it happens again, please report it, and do not use this export.',
  },
  export_dtype_range: ({ tensor, dtype }: { tensor: string; dtype: string }) => ({
    message: `A value of ${tensor} can’t be written in ${dtype}: it is out of range.`,
    hint:
      dtype === 'float16'
        ? 'Choose bfloat16 or float32, or a quantised form that computes in float32.'
        : 'Train again with a lower learning rate.',
  }),
  export_format: ({ name, names }: { name: string; names: readonly string[] }) => ({
    message: `There is no export format ${name}.`,
    hint: `Choose ${format.alternatives(names)}.`,
  }),
  export_no_room: ({ needed, free }: { needed: number; free?: number | undefined }) => ({
    message:
      free === undefined
        ? `There is no room for the export of ${format.bytes(needed)}.`
        : `There is no room for the export of ${format.bytes(needed)}: ${format.bytes(free)} are free.`,
    hint: 'Free space on that disk, choose another place, or a format or a precision with smaller files. What was written of the export is removed.',
  }),
  export_not_finite: ({ tensor }: { tensor: string }) => ({
    message: `A value of ${tensor} can’t be written: it is not a finite number.`,
    hint: 'Train again with a lower learning rate.',
  }),
  export_not_low_rank: ({ kind, format: name }: { kind: string; format: string }) => ({
    message: `${name} can’t hold ${kind}: it holds only plain LoRA.`,
    hint: 'Export the merged model instead, which holds all that was trained.',
  }),
  not_reducible: ({ kind }: { kind: string }) => ({
    message: `The noise of a ${kind} adapter can’t be reduced: only plain LoRA consists of such pairs alone.`,
    hint: 'Use it as it is.',
  }),
  export_model_trained: ({ format: name, type }: { format: string; type: string }) => ({
    message: `${name} holds an adapter, but with finetuning_type = ${type} there is none: the model itself was trained.`,
    hint: 'Export the whole model: as a merged checkpoint, GGUF or ONNX.',
  }),
  export_cluster_adapter: ({ type }: { type: string }) => ({
    message: `The folder for a cluster trains adapters, not finetuning_type = ${type}.`,
    hint: 'Choose finetuning_type = lora, or train here.',
  }),
  export_onnx_coarse: {
    message:
      'q8 also rounds this model’s activations to 8 bits, which is too coarse for it: its answers would differ too much.',
    hint: 'Choose q4 or fp16, which do not round activations to 8 bits.',
  },
  export_onnx_float16: {
    message: 'The model computes numbers beyond the range of float16, so its answers would be wrong.',
    hint: 'Choose q4, q8 or fp32, which compute in float32.',
  },
  export_onnx_not_nf4: {
    message: 'bnb4 keeps an NF4 base as it is, and this base is not in NF4.',
    hint: 'Choose q4, or train with load_in_4bit.',
  },
  export_onnx_op: ({ family, op }: { family: string; op: string }) => ({
    message: `Models of the family ${family} can’t be written as ONNX: it has no op for ${op}.`,
    hint: 'Export the merged model, or GGUF.',
  }),
  export_onnx_tensor_size: ({ tensor, bytes, most }: { tensor: string; bytes: number; most: number }) => ({
    message: `${tensor} would take ${format.bytes(bytes)}; a file beside an ONNX model can have ${format.bytes(most)} at most.`,
    hint: 'Choose fp16 or q4f16, whose table of embeddings takes half as much, or q8.',
  }),
  export_onnx_trained: {
    message: 'bnb4 keeps the weights that the adapter was trained on.',
    hint: 'Choose another precision for the original weights. Or export with the weights as trained.',
  },
  export_option: ({
    option,
    choices,
    given,
  }: {
    option: string;
    choices: readonly string[];
    given: string;
  }) => ({
    message: `${option} must be ${format.alternatives(choices)}, not “${given}”.`,
    hint: 'Choose one of them.',
  }),
  export_originals_differ: ({ tensor }: { tensor: string }) => ({
    message: `These files are of another model: ${tensor} is missing or has another shape.`,
    hint: 'Choose the files of the base model in full precision.',
  }),
  export_original_unused: {
    message: '--original_model has no effect without --export_base original.',
    hint: 'Add --export_base original, or leave --original_model out.',
  },
  export_originals_missing: ({ name }: { name: string }) => ({
    message: `The original weights of ${name}, before they were quantised, are not here.`,
    hint: 'Give the folder of the base model in full precision: config.json, the tokenizer’s files and model*.safetensors. Or merge with the weights as trained.',
  }),
  export_originals_other: ({ difference }: { difference: number }) => ({
    message: `These files are of another model: their weights differ from the base model’s by ${format.percent(difference)}, far more than quantisation explains.`,
    hint: 'Choose the files of the base model in full precision.',
  }),
  export_originals_quantised: ({ tensor }: { tensor: string }) => ({
    message: `These files hold ${tensor} only quantised.`,
    hint: 'Give the folder of the base model in full precision. Or merge with the weights as trained.',
  }),
  export_rounded_away: ({ share }: { share: number }) => ({
    message: `Rounding the weights to this format leaves ${format.percent(share)} of what the training changed, so the exported model would answer as if it were untrained.`,
    hint: 'Choose a finer format, such as Q8_0, float16 or float32. Or train longer, or with a higher learning rate.',
  }),
  export_size: ({ option, given }: { option: string; given: string }) => ({
    message: `${option} must be a size such as 5GB, not “${given}”.`,
    hint: 'Write a number of bytes, or a number with KB, MB, GB or TB after it.',
  }),
};
