/** The ways to export, their options, and notes on them. */
export const exports = {
  export_peft: 'the adapter alone, for PEFT',
  export_merged: 'base model and adapter in one, as safetensors for Transformers',
  export_onnx: 'base model and adapter in one, as ONNX for transformers.js and ONNX Runtime',
  export_onnx_quantization: 'precision of the weights, by transformers.js’s name of it',
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
  export_begun: 'Writing and checking…',
  export_writing: ({ file }: { file: string }) => `Writing ${file}`,
  export_checking: 'Reading it back and comparing',
  /** Notes. */
  upload_hashing: ({ file }: { file?: string }) => `Computing the hash of ${file}`,
  upload_sending: ({ file }: { file?: string }) => `Uploading ${file}`,
  upload_committing: 'Making the files visible in the repository',
  images_not_here:
    'The export has only the text part of the model, as a model of its own: the files of its image part are not here. Open the model from its folder to export all of it.',
  images_quantised:
    'The export has only the text part of the model, as a model of its own: its image part is quantised in a way that can’t be copied.',
};
