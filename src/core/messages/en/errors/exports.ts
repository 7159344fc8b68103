import { format } from '../format';

export const exportErrors = {
  export_differs: {
    message: 'The exported files, read back, differ from the model they were made from.',
    hint: 'Export again. If it happens again, please report it, and do not use this export.',
  },
  export_dtype_range: ({ tensor, dtype }: { tensor: string; dtype: string }) => ({
    message: `A value of ${tensor} can’t be written in ${dtype}: it is out of range.`,
    hint: dtype === 'float16' ? 'Choose bfloat16 or float32.' : 'Train again with a lower learning rate.',
  }),
  export_format: ({ name, names }: { name: string; names: readonly string[] }) => ({
    message: `There is no export format ${name}.`,
    hint: `Choose ${format.alternatives(names)}.`,
  }),
  export_not_finite: ({ tensor }: { tensor: string }) => ({
    message: `A value of ${tensor} can’t be written: it is not a finite number.`,
    hint: 'Train again with a lower learning rate.',
  }),
  export_not_low_rank: ({ kind, format: name }: { kind: string; format: string }) => ({
    message: `${name} can’t hold a ${kind} adapter: it holds only plain LoRA.`,
    hint: 'Export the merged model instead, which holds all that was trained.',
  }),
  export_option: ({
    option,
    choices,
    given,
  }: {
    option: string;
    choices: readonly string[];
    given: string;
  }) => ({
    message: `${option} must be ${format.alternatives(choices)}, not “${given}”.`,
    hint: 'Choose one of them.',
  }),
  export_size: ({ option, given }: { option: string; given: string }) => ({
    message: `${option} must be a size such as 5GB, not “${given}”.`,
    hint: 'Write a number of bytes, or a number with KB, MB, GB or TB after it.',
  }),
};
