import { plural } from '../format';

/** The folder with which a larger machine trains: its notes and its README. */
export const clusterMessages = {
  export_cluster: 'examples, scripts and settings for training on a larger machine with TRL or LLaMA-Factory',
  export_start: 'Start from',
  export_start_help: 'the adapter that the training begins with',
  export_start_new: 'A new adapter',
  export_start_new_help: 'trains a new adapter there',
  export_start_open: 'The open adapter',
  export_start_open_help: 'trains the open adapter further',
  /** Notes. */
  cluster_unsaid: ({ trainer, settings }: { trainer: string; settings: readonly string[] }) =>
    `${trainer} can’t be told these settings, and trains without them: ${settings.join('; ')}.`,
  cluster_whole_base:
    'TRL and LLaMA-Factory begin PiSSA only on a base in full precision. So they train on the base as it was published, not on its 4-bit values; that takes more memory, and the adapter then fits the base in full precision.',
  cluster_alpaca: 'LLaMA-Factory words the Alpaca prompt a little differently.',
  cluster_weights: ({ count }: { count: number }) =>
    `TRL and LLaMA-Factory know no weights of losses: they count ${plural(count, 'record')} with one like all others.`,
  cluster_prefixes: ({ count }: { count: number }) =>
    `LLaMA-Factory also learns to end ${plural(count, 'answer')} that ${count === 1 ? 'is only the beginning of one' : 'are only beginnings'}.`,
  cluster_mixed: ({ texts, conversations }: { texts: number; conversations: number }) =>
    `LLaMA-Factory trains on the ${plural(conversations, 'conversation')} and leaves out the ${plural(texts, 'text')}: it can’t mix them in one run.`,
  cluster_loss: ({
    loss,
    count,
  }: {
    loss: 'order' | 'weights' | 'thoughts' | 'variables' | 'words';
    count: number;
  }) => {
    const some = plural(count, 'conversation');
    const losses = {
      order: `LLaMA-Factory skips ${some}: questions and answers must take turns and end with an answer.`,
      weights: `LLaMA-Factory also trains on the excluded answers of ${some}.`,
      thoughts: `LLaMA-Factory leaves out the thoughts in ${some}.`,
      variables: `LLaMA-Factory leaves out the template variables of ${some}.`,
      words: `LLaMA-Factory leaves out the words beside a call in ${some}.`,
    };
    return losses[loss];
  },
  /** README.md. */
  cluster_readme_folder: ({ base, training, heldOut }: { base: string; training: number; heldOut: number }) =>
    `From Tunesmith: LoRA for **${base}** on ${plural(training, 'example')}${heldOut > 0 ? `, with ${plural(heldOut, 'more example')} held out for evaluation` : ''}; \`data\` has them as records and as tokens, \`settings.yaml\` has the settings.`,
  cluster_readme_trl: ({
    install,
    one,
    several,
    other,
  }: {
    install: string;
    one: string;
    several: string;
    other: string;
  }) =>
    `TRL: \`${install}\`, then \`${one}\` on one GPU, or \`${several}\` on several (DeepSpeed ZeRO-2: \`pip install deepspeed\`; for FSDP take \`${other}\`). Tried in one process, and in two on CPUs, with and without FSDP; not tried: several GPUs, DeepSpeed, and FSDP with a 4-bit base.`,
  cluster_readme_reread: ({ line }: { line: string }) =>
    `The tokens belong to this base; for another one: \`${line}\`.`,
  cluster_readme_factory: ({ line, accumulation }: { line: string; accumulation: number }) =>
    `LLaMA-Factory: \`${line}\`; on several GPUs, divide \`gradient_accumulation_steps: ${accumulation}\` by their number.`,
  cluster_readme_same:
    'The settings mean the same there, but random numbers differ, both trainers average the evaluation loss over batches (Tunesmith over tokens), and LLaMA-Factory also learns the line break after an answer.',
  cluster_readme_back: ({ folder }: { folder: string }) =>
    `The trained adapter opens in Tunesmith again: step “Export”, “Import an adapter”, folder \`${folder}\` (LLaMA-Factory: \`adapter_llamafactory\`).`,
};
