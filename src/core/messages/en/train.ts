import { format } from './format';

export const train = {
  presets: 'Training length',
  preset: {
    quick: { name: 'Quick', help: 'A first try' },
    balanced: { name: 'Balanced', help: 'The defaults' },
    thorough: { name: 'Thorough', help: 'Longer, larger' },
  },
  allSettings: 'All settings',
  changeSettings: 'Change settings',
  seeRun: 'Back to the run',
  settingsLine: ({ epochs, r, rate, tokens }: { epochs: string; r: string; rate: string; tokens: string }) =>
    `${epochs} epochs · r ${r} · lr ${rate} · ${tokens} tokens`,
  settingsLineSteps: ({
    steps,
    r,
    rate,
    tokens,
  }: {
    steps: string;
    r: string;
    rate: string;
    tokens: string;
  }) => `${steps} steps · r ${r} · lr ${rate} · ${tokens} tokens`,

  plan: 'Estimate',
  planTime: 'Time',
  planMemory: 'Memory',
  planSteps: 'Steps',
  planTrainable: 'Trained parameters',
  planUnknown: 'Shown once a model and examples are ready.',
  planRefused: 'Unknown: see below.',
  planNoTime: 'known after the first steps',
  planAbout: (time: string) => `about ${time}`,
  longEvaluation: (time: string) => `The evaluations alone take about ${time}.`,
  sizeAdvice: 'Advice on this run',
  planFits: 'Fits on this device.',
  planTight: 'May be too much for this device.',
  planDoesNotFit: 'Does not fit on this device.',

  fromAdapter: 'Start from the open adapter',
  fromAdapterHelp: 'Train it further, instead of a new one.',
  phase: {
    idle: 'Not started',
    preparing: 'Preparing',
    running: 'Training',
    paused: 'Paused',
    recovering: 'Recovering',
    finished: 'Finished',
    stopped: 'Stopped',
    failed: 'Stopped by a problem',
  },
  stepOf: (step: string, steps: string) => `Step ${step} of ${steps}`,
  notStarted: 'Nothing has been trained yet.',
  noCheckpoint: 'No checkpoint yet.',
  saved: (step: string) => `Saved at step ${step}.`,
  checkpoint: (step: string) => `Saved at step ${step}; you can close the tab.`,
  kept: (step: string) => `The adapter of step ${step} is saved.`,
  keptNothing: 'Nothing had been saved yet.',
  goOn: (step: string) => `Continue from step ${step}`,

  numbers: 'Numbers now',
  loss: 'Training loss',
  evalLoss: 'Evaluation loss',
  perplexity: 'Perplexity',
  learningRate: 'Learning rate',
  gradNorm: 'Gradient norm',
  speed: 'Tokens/s',

  findings: 'Findings',
  chart: 'Loss',
  chartEmpty: 'The curve appears here. Lower is better.',
  train: 'Training loss',
  smoothed: 'Training loss, smoothed',
  evaluation: 'Evaluation loss',
  filesNotDrawn: (files: number) =>
    files === 1 ? '1 more file is not drawn' : `${format.count(files)} more files are not drawn`,
  smoothing: 'Smoothing',
  logScale: 'Log scale',
  summary: (step: string, steps: string, loss: string) => `Step ${step} of ${steps}, loss ${loss}.`,
  summaryEval: (loss: string) => `Evaluation loss ${loss}.`,
  summaryLeft: (time: string) => `About ${time} left.`,

  samples: 'Sample answers',
  samplesEmpty: 'The answers appear here.',
  samplesOff: 'This run answers no sample prompts.',
  samplesOlder: (step: string) =>
    `The adapter has trained on to step ${step} since. Its answers are in the chat.`,
  samplesAt: 'Answers at step',
  later: 'Later',
  samplesShort: ({ prompts, of, tokens }: { prompts: string; of: string; tokens: string }) =>
    `This device answers slowly, so it answers less often, with up to ${tokens} tokens${prompts === of ? '' : `, to ${prompts} of ${of} prompts`}.`,
  prompts: 'Sample prompts',
  promptsHelp: 'The model answers them before, during and after the training, so that you see it learn.',
  promptsNone: 'The examples have no questions to ask. Add a prompt of your own.',
  promptsUnknown: 'Shown once the examples are read.',
  promptsUnanswerable: (prompts: readonly string[]) =>
    `The model can’t answer these, because they are too long or its chat template refuses them: ${format.series(prompts.map((prompt) => `“${prompt}”`))}`,
  prompt: (number: string) => `Prompt ${number}`,
  promptAdd: 'Add a prompt',
  promptRemove: (number: string) => `Remove prompt ${number}`,
  promptsReset: 'Use the prompts of the examples',
  before: 'Before',
  atStep: (step: string) => `At step ${step}`,
};
