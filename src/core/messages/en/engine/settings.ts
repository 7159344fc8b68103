import { format } from '../format';

/** The values that a setting may have, to stand after "must be", and the meaning of special ones. */
interface NumberEnds {
  from?: number;
  above?: number;
  most?: number;
  below?: number;
  whole?: true;
  wholeFrom?: number;
}

export const settingMessages = {
  range_number: ({ from, above, most, below, whole, wholeFrom }: NumberEnds) => {
    const lower = above !== undefined ? `above ${above}` : from !== undefined ? `of at least ${from}` : '';
    const upper = below !== undefined ? `below ${below}` : most !== undefined ? `at most ${most}` : '';
    const ends =
      from !== undefined && most !== undefined
        ? `from ${from} to ${most}`
        : [lower, upper].filter((end) => end !== '').join(' and ');
    const noun = whole ? 'a whole number' : 'a number';
    const fraction = wholeFrom === undefined ? '' : `, a whole one from ${wholeFrom} on`;
    return `${noun}${ends === '' ? '' : ` ${ends}`}${fraction}`;
  },
  range_or: ({ range, value, meaning }: { range: string; value: string; meaning: string }) =>
    `${range}, or ${value} for ${meaning}`,
  range_flag: 'true or false',
  range_choice: ({ values }: { values: readonly string[] }) => `one of ${values.join(', ')}`,
  range_modules: 'all-linear, or a list of the model’s linear layers, such as q_proj,v_proj, each named once',
  range_wholes: ({ from, most }: { from: number; most: number }) =>
    `a list of at least one whole number from ${from} to ${most}, each named once`,
  range_texts: ({
    found,
    none,
    most,
    longest,
  }: {
    found: string;
    none: string;
    most: number;
    longest: number;
  }) =>
    `${found}, ${none}, or at most ${most} different texts of at most ${longest} characters, one a line or as JSON`,
  range_texts_by_name: 'names with a text for each, as name=Ada,author=Acme or as JSON',
  range_cleaning: ({ presets, steps }: { presets: readonly string[]; steps: readonly string[] }) =>
    `${format.alternatives(presets)}, or a JSON object of options by the names of steps: ${steps.join(', ')}`,
  range_reports: ({
    names,
    readers,
    none,
  }: {
    names: readonly string[];
    readers: readonly string[];
    none: string;
  }) => `of ${[...names, ...readers].join(', ')}, several between commas; or all, or ${none}`,
  range_names: ({ none }: { none: string }) => `different names, between commas; or ${none}`,
  range_numbers: ({ range, none }: { range: string; none: string }) =>
    `numbers between commas, each ${range}; or ${none}`,
  range_sources: 'a JSON object with the options of files by their names, as {"extra.json":{"split":"eval"}}',
  range_numbers_by_pattern: ({ range }: { range: string }) =>
    `names or patterns with ${range} each, as q_proj=8,v_proj=4 or as JSON`,
  setting_all_layers: 'all layers',
  setting_steps_of_epochs: 'as many as the epochs have',
  setting_warmup_steps: 'the value of warmup_steps',
  setting_timescale: 'the steps of the warm-up',
  setting_all_samples: 'all',
  setting_never_early: 'train to the end',
  setting_no_noise: 'no noise',
  setting_highest_rank: 'the highest rank among the adapters',
  setting_empty_text: 'an empty text',
};
