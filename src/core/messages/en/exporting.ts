export const exporting = {
  nothing: 'After training, you can download the adapter here, alone or merged with the model.',
  adapter: 'Open adapter',
  origin: 'From',
  rank: 'Rank and alpha',
  modules: 'Layers',
  parameters: 'Parameters',
  what: 'Format',
  formatNames: { peft: 'The adapter alone', merged: 'Model and adapter in one' } as Readonly<
    Record<string, string>
  >,
  formatHelp: {
    peft: 'For PEFT. You can also import it here again.',
    merged: 'For Transformers and programs that read its folders.',
  } as Readonly<Record<string, string>>,
  export: (format: string) =>
    `Download ${format === 'peft' ? 'the adapter' : format === 'merged' ? 'the merged model' : format} (.zip)`,
  exporting: 'Writing and checking…',
  stop: 'Stop',
  stopping: 'Stopping…',
  saved: (fileName: string) => `Saved as ${fileName}.`,
  again: 'Download again',
  files: 'Files in the zip',
  checked: 'Checked: the files were read back and give exactly the same answers.',
  checkedNear: (difference: string) =>
    `Checked: the files were read back, and the weights are those of model and adapter, rounded once. Logits differ by at most ${difference}.`,
  checkedApart:
    'Checked: the files were read back, and the weights are those of model and adapter, rounded once. Answers were not compared: this device has no room for the merged model beside the one that is open.',
  use: 'Use it',
  useHelp: {
    peft: 'Unpack the zip, and fill in the folder of the base model.',
    merged: 'Unpack the zip, and fill in its folder. You no longer need the base model.',
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
};
