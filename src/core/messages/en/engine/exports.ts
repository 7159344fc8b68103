/** The ways to export, their options, and notes on them. */
export const exports = {
  export_peft: 'the adapter alone, for PEFT',
  export_merged: 'base and adapter in one, as safetensors for Transformers',
  export_max_shard_size: 'most bytes of weights in one file, such as 5GB or 500MB',
  export_dtype_help: 'dtype of the weights; auto: the one in config.json, or bfloat16 if it names none',
  export_begun: 'Writing and checking…',
  export_writing: ({ file }: { file: string }) => `Writing ${file}`,
  export_checking: 'Reading it back and comparing',
  /** Notes. */
  images_not_here:
    'Only the text part of the model is written, as a model of its own: the files with its part for images are not here. Open the model from its folder to write the whole.',
  images_quantised:
    'Only the text part of the model is written, as a model of its own: its part for images is quantised in a way that can’t be copied.',
};
