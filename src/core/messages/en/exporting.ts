export const exporting = {
  nothing: 'After training, the adapter can be downloaded here, alone or with the model.',
  adapter: 'The adapter that is open',
  origin: 'From',
  rank: 'Rank and alpha',
  modules: 'Layers',
  parameters: 'Parameters',
  what: 'What to export',
  formatNames: { peft: 'The adapter alone', merged: 'Model and adapter in one' } as Readonly<
    Record<string, string>
  >,
  formatHelp: {
    peft: 'For PEFT, and to bring back here.',
    merged: 'For Transformers and what reads its folders.',
  } as Readonly<Record<string, string>>,
  export: (format: string) =>
    `Download ${format === 'peft' ? 'the adapter' : format === 'merged' ? 'the merged model' : format} (.zip)`,
  exporting: 'Writing and checking…',
  stop: 'Stop',
  stopping: 'Stopping…',
  saved: (fileName: string) => `Saved as ${fileName}.`,
  again: 'Download again',
  files: 'What is in the zip',
  checked: 'Checked: the files were read back and give exactly the same answers.',
  checkedNear: (difference: string) =>
    `Checked: the files were read back, and the weights are those of model and adapter, rounded once. Logits differ by at most ${difference}.`,
  checkedApart:
    'Checked: the files were read back, and the weights are those of model and adapter, rounded once. Answers were not compared: this device has no room for the merged model beside the one that is open.',
  use: 'Use it in Python',
  useHelp: {
    peft: 'Unpack the zip, and name the folder of the model that you started from.',
    merged: 'Unpack the zip, and name its folder. The model that you started from is not needed any more.',
  } as Readonly<Record<string, string>>,
  useDemo: 'The demo model’s folder is part of Tunesmith: public/models/demo.',
  code: 'Python code',
  import: 'Bring an adapter back',
  importHelp: 'To chat with it, or to train it further.',
  drop: 'Drop an adapter’s folder or zip here',
  importFiles: 'adapter_config.json and adapter_model.safetensors',
  pickFolder: 'Choose folder…',
  pickFiles: 'Choose files…',
  importing: 'Reading the adapter…',
  needsModel: 'Open the model it belongs to first, in the step “Model”.',
};
