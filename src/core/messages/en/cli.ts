import { format, plural } from './format';

/** The command line: its help, and what its commands print for a person. */
export const cli = {
  usageOfAll: 'Usage: tunesmith COMMAND --model MODEL [options]',
  usage: (words: readonly string[]) => `Usage: tunesmith ${words.join(' ')} [options]`,
  helpOfOne: 'tunesmith COMMAND --help lists the options and settings of a command.',
  /** A command's summary as a sentence. */
  summary: (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`,
  optionsTitle: 'Options:',
  settingsTitle: 'Settings, with their defaults:',
  answersFromModel:
    'If the model’s generation_config.json recommends values for answers, they are the defaults.',
  withRange: (help: string, range: string) => `${help} (${range})`,
  formatHelps: (formats: readonly { readonly name: string; readonly help: string }[]) =>
    formats.map(({ name, help }) => `${name}: ${help}`).join('; '),
  optionOfFormat: (name: string, help: string, fallback: string) =>
    `${name}: ${help}; ${fallback} by default`,
  choiceMeaning: (choice: string, meaning: string) => `${choice} (${meaning})`,
  choices: (choices: readonly string[], help: string) => `${choices.join(', ')}; ${help}`,
  summaries: {
    train: 'trains a LoRA adapter and writes it as a PEFT folder',
    findRate:
      'tries learning rates from 1e-7 to 1 in a hundred steps, shows the losses and suggests one; keeps nothing of it',
    eval: 'computes loss and perplexity over all examples of files, or over the share that eval_split holds out',
    chat: 'answers one question',
    export:
      'writes a base model with an adapter into a folder, in a format for other programs; or all that a cluster needs to train one',
    reduce:
      'writes an adapter again without its noise (NoRM): a rank for each module, and the loss over the examples before and after',
    mix: 'mixes adapters of one base with weights and writes the mix as a PEFT folder',
    upload: 'uploads a folder of an export to a repository on the Hub',
    logits: 'writes the logits of tokens as a safetensors file, f32 [tokens, vocabulary]',
    inspect: 'shows the architecture, the parameters and the memory that training needs; loads no weights',
    preview: 'estimates what a model needs from its config.json and its list of files; downloads no weights',
    data: 'cleans files of examples and writes them as one JSONL file; needs no model',
    write:
      'makes more rows: changes those of files, or lets a chat service write some; writes them as a file to add to --data',
    search: 'finds models on the Hub that can be trained here, and says whether they fit',
    models: 'lists the downloaded models that are saved on this computer, with their sizes; removes one',
    runs: 'lists the runs in an output folder or in its subfolders; shows, renames or removes one, or writes its curves',
  },
  options: {
    adapter: 'a PEFT adapter for it; without one, the base model alone',
    mixed:
      'the adapters to mix, each with its weight: style=0.7 facts=0.3; the weight is 1 unless given, and a negative one takes away what the adapter does',
    adapterNeeded: (examples: readonly string[]) =>
      `a PEFT adapter for it; only ${format.alternatives(examples)} does without one`,
    adapterToInspect: 'a PEFT adapter, whose rank and target modules are used',
    baseName:
      'where a base model from local files comes from, for other programs: owner/name on the Hub, or a path; remembered with the model',
    originalModel:
      'the base model in full precision, for --export_base original: a folder, or owner/name on the Hub; needed only if the files of --model are quantised or gone',
    cacheDir: 'the folder for downloaded models; by default ~/.cache/tunesmith, or one in $XDG_CACHE_HOME',
    config: 'settings in YAML, as the page saves them; options on the command line take precedence',
    dataOfExport: (examples: readonly string[]) =>
      `for ${format.alternatives(examples)}: files of examples, or folders with such files`,
    data: (formats: readonly string[]) =>
      `examples (${format.series(formats)}), or folders of them: Alpaca, messages or text; or rows of a data set of the Hub: hub:owner/name[@revision][,configuration][,split][[begin:end]], such as hub:openai/gsm8k,main,train[:1000]`,
    dataInfo:
      'only shows the licence, the configurations, the splits and the sizes of the data sets of the Hub in --data',
    clean: 'the same as --cleaning',
    writeTask: (tasks: readonly string[]) =>
      `${format.alternatives(tasks)}: change the questions of rows; let a service write variations of rows, answers to questions, or pairs of a question and an answer from documents; or let --model begin its own answers to questions (prefixes: UPFT)`,
    writeData:
      'for change, variations and prefixes: the rows; for pairs without --document: rows that are plain texts',
    writeWays: (ways: readonly string[]) => `for change: ${format.series(ways)}, separated by commas`,
    writeSynonyms: 'for change by synonyms: a text file with lines such as “big: large, huge”',
    writeQuestions: 'for answers and prefixes: a text file with one question a line',
    writeDocument: 'for pairs: a text file',
    writeOpenModel: 'for prefixes: the model that answers; a folder, a .gguf file, or owner/name on the Hub',
    writePrefixTokens: (tokens: number) =>
      `for prefixes: tokens of the beginning of an answer; by default ${tokens}`,
    writeWholePercent: (percent: number) =>
      `for prefixes: of 100 questions, those that are answered whole; by default ${percent}`,
    writeAddress: 'the service, in OpenAI’s form: https://api.openai.com/v1, http://localhost:11434/v1 …',
    writeModel: 'the model of the service',
    writeKey: 'the environment variable that holds the key; without it, no key is sent',
    writePrompt: 'a text file with the prompt; {question}, {answer}, {document} and {count} are filled in',
    writeRows: (rows: number) => `rows for each request; for change, copies for each way; by default ${rows}`,
    writeMost: (most: number) => `most requests; for change, most new rows; by default ${most}`,
    writePerMinute: (requests: number) => `most requests a minute; by default ${requests}`,
    writeOutput: 'the file of new rows to write, which records their origin',
    dataOutput: 'the JSONL file to write; without it, the report alone',
    dataToPlan: 'examples to plan for; without them, batches of max_seq_length tokens',
    endpoint: (fallback: string) =>
      `the endpoint that models come from; by default $HF_ENDPOINT or ${fallback}`,
    hubModelId: 'the repository to create or update',
    uploadInput: 'the folder to upload, such as the --output of export',
    uploadPublic: 'everybody may see a repository that this creates; otherwise it is private',
    uploadToken: 'an access token with write access; by default $HF_TOKEN',
    uploadUpdate: 'the files may join or replace those of a repository that exists',
    initAdapter: 'a PEFT adapter to train further',
    inputIds: 'token ids, separated by commas',
    json: 'one JSON object a line on standard output, everything else on standard error',
    model:
      'the base model: a folder, a .gguf file, owner/name[:file.gguf] on the Hub, or the address of its page',
    modelOnDisk: 'the base model: a folder, or a .gguf file',
    noTune: 'do not tune: use the default kernels, the same every time',
    outputDir: 'the folder for the PEFT adapter, the settings as YAML, and the checkpoints',
    outputFile: 'the file to write',
    outputFolder: 'a new folder, or an empty one',
    overwriteOutputDir:
      'replaces the run in --output_dir, which is removed once the new run completes its first step',
    overwrite: 'replaces the file in --output',
    prompt: 'the question',
    removeModel: 'the model to remove; the first letters of its id are enough',
    removeRun: 'the run to remove with its checkpoints; the adapter that it wrote stays',
    renameRun: 'the run that gets the name in --name',
    resume: 'continues from the last checkpoint in --output_dir, with its settings',
    revision: 'a branch, a tag or a commit of the repository; by default the main branch',
    runName: 'the new name for --rename; without it, the run loses its name',
    writeLogs:
      'writes the curves of a run beside its checkpoints: event files for TensorBoard, CSV, JSONL and trainer_state.json',
    annotateRun: 'the run that gets the tags in --tags and the notes in --notes',
    runTags: 'words for finding a run, separated by commas; they replace its own, and none removes them',
    runNotes: 'a text about a run; it replaces its own, and none removes it',
    watts:
      'the power of this device while it trains, in watts: with --price, the cost of the energy is told before and after',
    price: 'the price of a kilowatt-hour, for --watts',
    currency: 'the name of the currency of the prices',
    rentedPerHour: 'the price of an hour of a rented GPU: the cost of the same run there is told',
    rentedSpeed: 'how many times as fast as this device the rented GPU is assumed to be; by default 1',
    runsDir: 'the --output_dir of a run, or a folder that contains several',
    showRun: 'the run to show with its settings and losses',
    system: 'the system message',
    token: 'an access token for gated models; safer in $HF_TOKEN, where others cannot see it',
    tune: 'tune the kernels even if the device is the processor, not a graphics card',
  },
  /** How far something is. */
  bytesOf: (bytes: number, total: number) => `${format.bytes(bytes)} of ${format.bytes(total)}`,
  perSecond: (bytes: number) => `${format.bytes(bytes)}/s`,
  left: (seconds: number) => `${format.seconds(seconds)} left`,
  /** Records. */
  problem: (place: readonly string[], reason: string) => `${format.series(place)}: ${reason}`,
  problemAndMore: (problem: string, more: number) =>
    `${problem} The same is wrong with ${plural(more, 'more record')}.`,
  place: { record: 'record', line: 'line', column: 'column' },
  cut: (count: number, most: number) => `Cut to ${format.count(most)} tokens: ${plural(count, 'example')}.`,
  rowPlace: (file: string, record: number) => `${file}, record ${record}`,
  rowChanged: (place: string, before: string, after: string) => `${place}: ${before} → ${after}`,
  rowDropped: (place: string, text: string) => `${place}, dropped: ${text}`,
  rowDroppedLike: (place: string, text: string, like: string) => `${place}, dropped, like ${like}: ${text}`,
  rowCount: (rows: number) => plural(rows, 'row'),
  fileSizes: (files: number, bytes: number) => `${format.bytes(bytes)} in ${plural(files, 'file')}`,
  rowsOfFile: (file: string, trained: number, held: number) =>
    `${file}: ${plural(trained, 'row')} in a pass of training, ${format.count(held)} for evaluation`,
  rowsRead: (count: number) => `${plural(count, 'record')} can be used.`,
  rowsWritten: (path: string, count: number) => `${path}: ${plural(count, 'record')}`,
  /** Results. */
  rateColumns: ['learning_rate', 'loss, smoothed'],
  suggestedRate: (rate: number) =>
    `The loss falls fastest at learning_rate ${rate}. Train with it, or with less if the loss jumps.`,
  noRate:
    'The loss falls at no rate for long enough to suggest one. More examples, or a larger batch, tell more.',
  evaluationLoss: 'evaluation loss',
  perplexity: 'perplexity',
  targetTokens: 'target tokens',
  peakMemory: (process: number, device: number, parts: readonly string[]) =>
    `peak memory: process ${format.bytes(process)}; device ${format.bytes(device)} (${format.series(parts)})`,
  spec: 'architecture',
  parameters: 'parameters',
  memoryOfBatches: (tokens: number) => `memory for batches of ${format.count(tokens)} tokens, in bytes`,
  total: 'Total',
  logitsWritten: (path: string, shape: readonly number[]) => `${path}: logits, f32 [${shape.join(', ')}]`,
  uploaded: (files: number, address: string) => `${plural(files, 'file')} uploaded to ${address}`,
  exported: (path: string, formatName: string, bytes: number, check: string) =>
    `${path}: ${formatName}, ${format.bytes(bytes)}. ${check}`,
  noModels: 'No models are saved.',
  modelState: { partial: 'incomplete', fourBit: '4-bit' },
  removedModel: (name: string, bytes: number) => `Removed ${name}: ${format.bytes(bytes)}`,
  modelLine: (name: string, family: string, parameters: number) =>
    `${name}: ${family}, ${format.count(parameters)} parameters`,
  preview: { license: 'licence', download: 'download', storage: 'storage', memory: 'memory' },
  licenseUnknown: 'unknown',
  gatedLicense: (license: string) => `${license}, gated: needs its owner’s approval`,
  downloadNone: 'none: it is saved already',
  storageOfFree: (needed: number, free: number) => `${format.bytes(needed)} of ${format.bytes(free)} free`,
  memoryFits: (bytes: number, fits: boolean) => `${format.bytes(bytes)}: ${fits ? 'fits' : 'does not fit'}`,
  millionParameters: (count: number) => `${format.count(count / 1e6)} M parameters`,
  gated: 'gated',
  fits: { yes: 'fits', tight: 'may only just fit', no: 'does not fit' },
  nothingFound: 'No model that can be trained here was found.',
  runUnreadable: (path: string) =>
    `${path} can’t be read: it is damaged, or from another version. If you don’t need it, delete the folder.`,
  noRuns: 'There are no runs.',
  runStates: {
    running: 'running',
    paused: 'paused',
    finished: 'finished',
    stopped: 'stopped',
    failed: 'failed',
  },
  runLine: (id: string, state: string, step: number, steps: number, begun: string) =>
    `${id}  ${state} at step ${step} of ${steps}, begun ${begun}`,
  run: { tags: 'tags', notes: 'notes', name: 'name', model: 'model', data: 'examples', loss: 'loss' },
  lossAt: (loss: string, step: number) => `${loss} at step ${step}`,
  logsWritten: (path: string) => `The curves are in ${path}`,
  logsNotWritten: (reason: string) => `The files with the curves are not complete. ${reason}`,
  runAnnotated: (id: string) => `The tags and notes of ${id} are saved.`,
  runRenamed: (id: string, name: string) => `${id} is now called ${name}.`,
  runUnnamed: (id: string) => `${id} no longer has a name.`,
  stopping: 'Stopping. The last step is saved. Stop once more to quit at once.',
  trained: (state: string, step: number, steps: number, path: string) =>
    `${state} at step ${step} of ${steps}; the result is in ${path}`,
  step: (step: number, steps: number) => `step ${step}/${steps}`,
  loss: (loss: string) => `loss ${loss}`,
  tokensPerSecond: (tokens: number) => `${format.count(tokens)} tokens/s`,
  evaluated: (step: number, loss: string, perplexity: string | undefined) =>
    `step ${step}  evaluation loss ${loss}${perplexity === undefined ? '' : `  perplexity ${perplexity}`}`,
};
