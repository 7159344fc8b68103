/** The ways to export, their options, and notes on them. */
export const exports = {
  export_peft: 'the adapter alone, for PEFT',
  export_merged: 'base model and adapter in one, as safetensors for Transformers',
  export_onnx: 'base model and adapter in one, as ONNX for transformers.js and ONNX Runtime',
  export_onnx_quantization: 'precision of the weights, by transformers.js’s name of it',
  export_onnx_precision: 'Precision',
  export_onnx_q4: '4 bits',
  export_onnx_q4_help: 'Small and fast on WebGPU and WASM; computes in float32.',
  export_onnx_q4f16: '4 bits, computes in float16',
  export_onnx_q4f16_help: 'The smallest files, for GPUs that can compute in float16.',
  export_onnx_q8: '8 bits',
  export_onnx_q8_help: 'For processors. It rounds activations to 8 bits as well.',
  export_onnx_fp16: 'float16',
  export_onnx_fp16_help: 'Half the size of float32, for GPUs that can compute in float16.',
  export_onnx_fp32: 'float32',
  export_onnx_fp32_help: 'Answers as here; the largest files.',
  export_onnx_bnb4: 'NF4, as trained',
  export_onnx_bnb4_help: 'Keeps every bit of a base in NF4, with the adapter beside it. Slow on GPUs.',
  export_max_shard_size: 'the most bytes of weights in one file, such as 5GB or 500MB',
  export_dtype_help: 'dtype of the weights; auto: the one in config.json, or bfloat16 if it names none',
  export_base: 'Base weights',
  export_base_help: 'the weights that the adapter is added to',
  export_base_trained: 'As trained',
  export_base_trained_help:
    'the base as it was during training, dequantised if it was in 4 bits: answers as here',
  export_base_original: 'Original',
  export_base_original_help:
    'the base’s own files before quantisation, which the adapter never saw: answers differ a little',
  export_originals_remote: 'The export downloads the original weights again.',
  export_begun: 'Writing and checking…',
  export_writing: ({ file }: { file: string }) => `Writing ${file}`,
  export_checking: 'Reading it back and comparing',
  /** Notes. */
  upload_hashing: ({ file }: { file?: string }) => `Computing the hash of ${file}`,
  upload_sending: ({ file }: { file?: string }) => `Uploading ${file}`,
  upload_committing: 'Making the files visible in the repository',
  onnx_text_only: 'The export has only the text part of the model, as a model of its own.',
  images_not_here:
    'The export has only the text part of the model, as a model of its own: the files of its image part are not here. Open the model from its folder to export all of it.',
  images_quantised:
    'The export has only the text part of the model, as a model of its own: its image part is quantised in a way that can’t be copied.',
};
