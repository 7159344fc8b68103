import { format } from '../format';

/** The ways to export, their options, and notes on them. */
export const exports = {
  export_peft: 'the adapter alone, for PEFT',
  export_merged: 'base model and adapter in one, as safetensors for Transformers',
  export_onnx: 'base model and adapter in one, as ONNX for transformers.js and ONNX Runtime',
  export_onnx_quantization: 'precision of the weights, by transformers.js’s name of it',
  export_onnx_precision: 'Precision',
  export_onnx_q4: '4 bits',
  export_onnx_q4_help: 'small and fast on WebGPU and WASM; computes in float32',
  export_onnx_q4f16: '4 bits, computes in float16',
  export_onnx_q4f16_help: 'the smallest files, for GPUs that can compute in float16',
  export_onnx_q8: '8 bits',
  export_onnx_q8_help: 'for processors; rounds activations to 8 bits as well',
  export_onnx_fp16: 'float16',
  export_onnx_fp16_help: 'half the size of float32, for GPUs that can compute in float16',
  export_onnx_fp32: 'float32',
  export_onnx_fp32_help: 'answers as here; the largest files',
  export_onnx_bnb4: 'NF4, as trained',
  export_onnx_bnb4_help: 'keeps every bit of a base in NF4, with the adapter beside it; slow on GPUs',
  export_max_shard_size: 'the most bytes of weights in one file, such as 5GB or 500MB',
  export_dtype_help: 'the type of the weights',
  export_base: 'Base weights',
  export_base_help: 'the weights that the adapter is added to',
  export_base_trained: 'As trained',
  export_base_trained_help:
    'the base as it was during training, dequantised if it was in 4 bits: answers as here',
  export_base_original: 'Original',
  export_base_original_help:
    'the base’s own files before quantisation, which the adapter never saw: answers differ a little',
  export_originals_measured: ({ base, adapter }: { base: number; adapter: number }) =>
    `The original weights differ from those of the training by ${format.percent(base)}; the adapter changes them by ${format.percent(adapter)}.`,
  export_originals_remote:
    'The export downloads the original weights again, and then says how far they are from those of the training.',
  export_shards: 'Largest file',
  export_dtype: 'Precision',
  export_dtype_auto: 'As the base model (config.json)',
  export_dtype_auto_help: 'the type that config.json names, or bfloat16 if it names none',
  export_dtype_float16: '16 bits, fine (float16)',
  export_dtype_float16_help:
    'rounds eight times finer than bfloat16; models made for bfloat16 may overflow in it when they run',
  export_dtype_bfloat16: '16 bits, wide (bfloat16)',
  export_dtype_bfloat16_help: 'never overflows; rounds by up to 0.4 %',
  export_dtype_float32: '32 bits (float32)',
  export_dtype_float32_help: 'twice the size; hardly any rounding',
  export_begun: 'Writing and checking…',
  export_writing: ({ file }: { file: string }) => `Writing ${file}`,
  export_checking: 'Reading it back and comparing',
  export_checking_chosen: 'Reading the chosen file back and comparing; it is removed if it differs',
  /** Notes. */
  upload_hashing: ({ file }: { file?: string }) => `Computing the hash of ${file}`,
  upload_sending: ({ file }: { file?: string }) => `Uploading ${file}`,
  upload_committing: 'Making the files visible in the repository',
  onnx_text_only: 'The export has only the text part of the model, as a model of its own.',
  onnx_positions: ({ positions }: { positions: number }) =>
    `The ONNX model takes texts of up to ${format.count(positions)} tokens; the base model takes longer ones.`,
  images_not_here:
    'The export has only the text part of the model, as a model of its own: the files of its image part are not here. Open the model from its folder to export all of it.',
  images_quantised:
    'The export has only the text part of the model, as a model of its own: its image part is quantised in a way that can’t be copied.',
};
