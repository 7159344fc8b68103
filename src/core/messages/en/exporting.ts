import { plural } from './format';

export const exporting = {
  nothing: 'After training, you can download the adapter here, alone or merged with the model.',
  adapter: 'Open adapter',
  origin: 'From',
  rank: 'Rank and alpha',
  modules: 'Layers',
  parameters: 'Parameters',
  what: 'Format',
  /** The groups of formats, by what a person wants to do. */
  purposes: {
    run: 'Run it: model and adapter in one',
    adapter: 'The adapter alone, beside the base model',
    more: 'Train it elsewhere',
  },
  formatNames: {
    gguf: 'llama.cpp, Ollama, LM Studio',
    onnx: 'A web page, ONNX Runtime',
    merged: 'Transformers, vLLM',
    peft: 'PEFT',
    'gguf-lora': 'llama.cpp',
    cluster: 'A cluster or a server',
  } as Readonly<Record<string, string>>,
  formatHelp: {
    gguf: 'One GGUF file, in full precision or quantised.',
    onnx: 'ONNX for transformers.js, onnxruntime-web and onnxruntime-genai.',
    merged: 'A folder of safetensors for Python and for servers.',
    peft: 'A small folder for Python. You can import it here again.',
    'gguf-lora': 'A small GGUF file to load beside the GGUF file of the base model.',
    cluster: 'Examples, settings and scripts for LLaMA-Factory and TRL.',
  } as Readonly<Record<string, string>>,
  export: (format: string) =>
    ({
      peft: 'Download the adapter (.zip)',
      'gguf-lora': 'Download the adapter (.zip)',
      cluster: 'Download the folder (.zip)',
    })[format] ?? 'Download the model (.zip)',
  exporting: 'Writing and checking…',
  stop: 'Stop',
  stopping: 'Stopping…',
  saved: (fileName: string) => `Saved as ${fileName}.`,
  again: 'Download again',
  files: 'Files in the zip',
  checked: 'Checked: the files were read back and give exactly the same answers.',
  checkedNear: (difference: string) =>
    `Checked: the files were read back, and the weights are those of model and adapter, rounded once. Logits differ by at most ${difference}.`,
  checkedExamples: 'Checked: the files were read back and give exactly the tokens that are trained on here.',
  checkedApart:
    'Checked: the files were read back, and the weights are those of model and adapter, rounded once. Answers were not compared: this device has no room for the merged model beside the one that is open.',
  use: 'Use it',
  useHelp: {
    peft: 'Unpack the zip, and fill in the folder of the base model.',
    merged: 'Unpack the zip, and fill in its folder. You no longer need the base model.',
    cluster: 'Unpack the zip on the other machine. README.md in it tells what to install.',
  } as Readonly<Record<string, string>>,
  useDemo: 'The demo model’s folder is part of Tunesmith: public/models/demo.',
  codeFor: (program: string) => `Code for ${program}`,
  import: 'Import an adapter',
  importHelp: 'To chat with it, or to train it further.',
  drop: 'Drop an adapter’s folder or zip here',
  importFiles: 'adapter_config.json and adapter_model.safetensors',
  pickFolder: 'Choose folder…',
  pickFiles: 'Choose files…',
  importing: 'Reading the adapter…',
  needsModel: 'First open its base model in the step “Model”.',
  uploadTitle: (files: number) => `Upload ${plural(files, 'file')} with Tunesmith`,
};
