import { format, plural } from '../format';

const RESUME = 'The same command with --resume_from_checkpoint continues from there.';
const NEW_FOLDER = 'Name a new folder, or an empty one.';

/** Errors of the command line. */
export const cliErrors = {
  argument_choice: ({
    option,
    given,
    choices,
  }: {
    option: string;
    given: string;
    choices: readonly string[];
  }) => ({
    message: `--${option} must be ${format.alternatives(choices)}, not “${given}”.`,
    hint: 'Choose one of them.',
  }),
  argument_amount: ({ option, given }: { option: string; given: string }) => ({
    message: `--${option} must be a number above 0, not “${given}”.`,
    hint: 'Write such a number, with a point for fractions.',
  }),
  argument_number: ({ option, given, most }: { option: string; given: string; most: number }) => ({
    message: `--${option} must be a whole number from 1 to ${format.count(most)}, not “${given}”.`,
    hint: 'Write such a number.',
  }),
  key_variable_empty: ({ name }: { name: string }) => ({
    message: `The environment has no variable ${name}, or it is empty.`,
    hint: 'Set it to the key of the service, or leave --key_variable out.',
  }),
  argument_flag: ({ option, given }: { option: string; given: string }) => ({
    message: `--${option} must be true or false, not “${given}”.`,
    hint: `Write --${option} true or --${option} false.`,
  }),
  argument_missing: ({ command, option, value }: { command: string; option: string; value: string }) => ({
    message: `${command} needs --${option} ${value}.`,
    hint: `See ${command} --help.`,
  }),
  argument_of_other_format: ({
    option,
    format: chosen,
    owners,
  }: {
    option: string;
    format: string;
    owners: readonly string[];
  }) => ({
    message: `--${option} is for exports as ${format.alternatives(owners)}, not as ${chosen}.`,
    hint: 'Leave it out.',
  }),
  argument_unknown: ({
    command,
    option,
    nearest,
  }: {
    command: string;
    option: string;
    nearest?: string;
  }) => ({
    message: `${command} has no option ${option}.`,
    hint: nearest === undefined ? `See ${command} --help.` : `Did you mean --${nearest}?`,
  }),
  argument_unused: ({ command, option }: { command: string; option: string }) => ({
    message: `${option} does not apply to ${command}.`,
    hint: `Leave it out. See ${command} --help.`,
  }),
  argument_without_value: ({ option, value }: { option: string; value: string }) => ({
    message: `${option} needs a value.`,
    hint: `Write ${option} ${value}.`,
  }),
  argument_word: ({ command, word }: { command: string; word: string }) => ({
    message: `${command} does not take the word “${word}”.`,
    hint: `See ${command} --help.`,
  }),
  mix_setting_unused: ({ name, type }: { name: string; type: string }) => ({
    message: `--${name} has no effect on a mix by ${type}.`,
    hint: 'Leave it out, or choose another --combination_type.',
  }),
  mix_weight: ({ name, given }: { name: string; given: string }) => ({
    message: `The weight of ${name} must be a number, not “${given}”.`,
    hint: 'Write --adapter DIR=0.7, for example.',
  }),
  command_unknown: ({ name, names }: { name: string; names: readonly string[] }) => ({
    message: `There is no command ${name}.`,
    hint: `The commands are ${names.join(', ')}.`,
  }),
  dataset_info_of_files: {
    message: '--info describes data sets of the Hub, and --data names none.',
    hint: 'Name one: --data hub:owner/name.',
  },
  data_file_missing: ({ path }: { path: string }) => ({
    message: `--data: there is no file ${path}.`,
    hint: 'Check the path.',
  }),
  data_folder_empty: ({ path, endings }: { path: string; endings: readonly string[] }) => ({
    message: `--data: the folder ${path} has no file of examples.`,
    hint: `Name the files, or a folder with files that end in ${endings.join(', ')}.`,
  }),
  folder_is_file: ({ option, path, folder }: { option: string; path: string; folder: string }) => ({
    message: `--${option}: ${path} is a file, not a folder.`,
    hint: `Give the folder that it is in: ${folder}.`,
  }),
  folder_empty: ({ option, path }: { option: string; path: string }) => ({
    message: `The folder ${path} of --${option} has no files.`,
  }),
  folder_missing: ({ option, path }: { option: string; path: string }) => ({
    message: `--${option}: there is no folder ${path}.`,
    hint: 'Check the path.',
  }),
  gpu_driver_missing: {
    message: 'WebGPU found no graphics card on this computer.',
    hint: 'Install the driver of your GPU; on Linux, one for Vulkan.',
  },
  input_id_beyond: ({ id, vocabulary }: { id: number; vocabulary: number }) => ({
    message: `--input_ids: there is no token ${id}; the vocabulary has ${vocabulary}.`,
    hint: `Use ids below ${vocabulary}.`,
  }),
  input_ids: ({ given }: { given: string }) => ({
    message: `--input_ids must be whole numbers separated by commas, not “${given}”.`,
    hint: 'Write 1,2,3.',
  }),
  input_ids_too_many: ({ count, positions }: { count: number; positions: number }) => ({
    message: `--input_ids has ${plural(count, 'token')}; the model takes ${format.count(positions)}.`,
    hint: 'Use fewer tokens.',
  }),
  kept_model_unknown: ({ id, several }: { id: string; several: boolean }) => ({
    message: several
      ? `--remove: several models have an id that begins with ${id}.`
      : `--remove: no model has an id that begins with ${id}.`,
    hint: 'Use an id that tunesmith models lists.',
  }),
  model_folder_missing: ({ path }: { path: string }) => ({
    message: `--model: there is no folder ${path}.`,
    hint: `Check the path. For a model on the Hub, use tunesmith preview --model ${path}.`,
  }),
  no_checkpoint: ({ path }: { path: string }) => ({
    message: `--resume_from_checkpoint: ${path} holds no run.`,
    hint: 'Leave it out to start a new run.',
  }),
  no_targets: {
    message: 'No token of the examples counts for the loss.',
    hint: 'Raise max_seq_length, or evaluate with --train_on all.',
  },
  output_dir: ({ path, option, reason }: { path: string; option: string; reason: string }) => ({
    message: `--${option}: ${path} can’t be written to: ${reason}.`,
    hint: 'Name a folder that you may write to; it is created if there is none.',
  }),
  output_dir_in_use: ({ path, option }: { path: string; option: string }) => ({
    message: `--${option}: another process is writing to ${path}.`,
    hint: 'Wait for it, stop it, or name another folder.',
  }),
  output_dir_model: ({ path, file }: { path: string; file: string }) => ({
    message: `--output_dir: ${path} holds another model (${file}), which the trained one would replace.`,
    hint: 'Name another folder.',
  }),
  output_dir_used: ({ path }: { path: string }) => ({
    message: `--output_dir: ${path} holds a run already.`,
    hint: 'Continue it with --resume_from_checkpoint, replace it with --overwrite_output_dir, or name another folder.',
  }),
  output_file_used: ({ path, isFolder }: { path: string; isFolder: boolean }) => ({
    message: isFolder ? `--output: ${path} is a folder.` : `--output: ${path} exists already.`,
    hint: isFolder ? 'Name a file.' : 'Replace it with --overwrite, or name another file.',
  }),
  output_named_file: ({ path, folder }: { path: string; folder: string }) => ({
    message: `--output: ${path} has the name of a file, but an export is a folder.`,
    hint: `Name a folder, for example ${folder}; the file is in it then.`,
  }),
  output_not_empty: ({ path, first }: { path: string; first: string }) => ({
    message: `--output: ${path} is not empty: it has ${first}.`,
    hint: NEW_FOLDER,
  }),
  path_unreadable: ({
    path,
    option,
    reason,
    folder,
  }: {
    path: string;
    option?: string;
    reason: string;
    folder: string;
  }) => ({
    message:
      option === undefined
        ? `${path} can’t be read: ${reason}.`
        : `--${option}: ${path} can’t be read: ${reason}.`,
    hint: `Check the permissions of ${folder} and the files in it, or use a copy.`,
  }),
  /** `problem`: the first one. */
  records_unusable: ({ problem }: { problem?: string }) => ({
    message:
      problem === undefined ? '--data: no record can be used.' : `--data: no record can be used: ${problem}`,
    hint: 'A record has instruction and output, or messages, or text.',
  }),
  base_name_known: ({ name }: { name: string }) => ({
    message: `--base_model_name_or_path does not apply to ${name}, whose origin is known.`,
    hint: 'Leave it out.',
  }),
  revision_on_disk: ({ path }: { path: string }) => ({
    message: `--revision does not apply to ${path}, which is on the disk.`,
    hint: 'Leave it out.',
  }),
  run_id_unknown: ({ option, id, several }: { option: string; id: string; several: boolean }) => ({
    message: several
      ? `--${option}: several runs have an id that begins with ${id}.`
      : `--${option}: no run has an id that begins with ${id}.`,
    hint: 'Use an id from the list, which the command prints without this option.',
  }),
  stopped: { message: 'Stopped.' },
  stopped_answering: { message: 'Stopped before the answer was complete.' },
  stopped_at_step: ({ step, steps, path }: { step: number; steps: number; path: string }) => ({
    message: `Stopped at step ${step} of ${steps}; the adapter of that step is in ${path}.`,
    hint: RESUME,
  }),
  /** `replaces`: a run that the folder held before. */
  stopped_before_first_step: ({ steps, replaces }: { steps: number; replaces: boolean }) => ({
    message: `Stopped before the first step of ${steps}: there is no adapter yet.`,
    hint: replaces ? 'The run that the folder held is still there.' : RESUME,
  }),
  stopped_opening: {
    message: 'Stopped before the model was open.',
    hint: 'The downloaded part is saved, and the same command resumes from there.',
  },
  upload_unfinished: ({ path, file }: { path: string; file: string }) => ({
    message: `${path} holds an export that was interrupted: ${file} is not complete.`,
    hint: 'Export again into this folder, and then upload it.',
  }),
};
