import { format } from '../format';

/** Errors of examples, chat templates and tokenizers. */
export const dataErrors = {
  no_examples: {
    message: 'There is no example to train on.',
    hint: 'Add records, or correct those that are reported as unusable.',
  },
  template_without_text: ({ template, place }: { template: string; place: string }) => ({
    message: `The template “${template}” does not say where the question goes.`,
    hint: `Write ${place} in its place.`,
  }),
  synonyms_line: ({ line, text }: { line: number; text: string }) => ({
    message: `Line ${line} of the synonyms can’t be read: “${text}”.`,
    hint: 'Write a word, a colon and the words that may replace it, separated by commas: “big: large, huge”.',
  }),
  synonyms_missing: {
    message: 'The list of synonyms is empty.',
    hint: 'Add a line such as “big: large, huge”, or leave this way out.',
  },
  all_dropped: ({ rows }: { rows: number }) => ({
    message:
      rows === 1 ? 'The cleaning drops the only row.' : `The cleaning drops all ${format.count(rows)} rows.`,
    hint: 'Look at the rows that each step drops, and switch off or loosen the step that drops too much.',
  }),
  all_for_evaluation: ({ examples }: { examples: number }) => ({
    message:
      examples === 1
        ? 'The only example is for evaluation, so there is none to train on.'
        : `All ${format.count(examples)} examples are for evaluation, so there is none to train on.`,
    hint: 'Use a file, or some of the rows, for training.',
  }),
  all_leaked: ({ leaked }: { leaked: number }) => ({
    message: `No example is left to train on: ${leaked === 1 ? 'the only one has' : `all ${format.count(leaked)} have`} the same content as an example for evaluation.`,
    hint: 'Evaluate on other examples, or train on others.',
  }),
  eval_split: ({ split, held, count }: { split: number; held: number; count: number }) => ({
    message: `eval_split ${split} holds out ${held} of ${count} examples and leaves none to train on.`,
    hint: 'Choose a smaller eval_split, or add examples.',
  }),
  mixture_long: ({ millions }: { millions: number }) => ({
    message: `With these weights and numbers of examples, a pass over the files has over ${millions} million examples.`,
    hint: 'Choose weights that differ less, or a smaller num_samples, in the setting sources.',
  }),
  nothing_to_learn: ({ tokens, most }: { tokens?: number; most: number }) => ({
    message:
      tokens === undefined
        ? 'It has no answer to learn from.'
        : `Of its ${tokens} tokens, those to learn come after the first ${most}.`,
    hint: 'Shorten it, raise max_seq_length, or train on all tokens.',
  }),
  chat_template_weight: {
    message: 'Not all answers count alike, and the template does not mark each answer by itself.',
    hint: 'Leave the conversation out, train on all answers alike, or choose the Alpaca prompt as the template.',
  },
  chat_template: ({ parsed, reason }: { parsed: boolean; reason: string }) => ({
    message: `The model’s chat template ${parsed ? 'refused a conversation' : 'is not a valid template'}: ${
      /[.!?]$/.test(reason) ? reason : `${reason}.`
    }`,
    hint: 'Correct the conversation, or choose the Alpaca prompt as the template.',
  }),
  chat_template_tools: {
    message: 'The Alpaca prompt has no place for tools and tool calls.',
    hint: 'Choose the model’s own template, or leave these conversations out.',
  },
  chat_template_left_out: ({ template, number }: { template: string; number: number }) => ({
    message: `${template} leaves out the text of message ${number}.`,
    hint: 'Choose the Alpaca prompt as the template, or leave this conversation out.',
  }),
  chat_template_prefix: ({ template, number }: { template: string; number: number }) => ({
    message: `The beginning and the end of the answer in message ${number} can’t be found: ${template} changes the answer, or the text around it, depending on its words.`,
    hint: 'Choose the Alpaca prompt as the template, train on all tokens, or split the conversation into single questions.',
  }),
  tokenizer_unknown_text: ({ character }: { character: string }) => ({
    message: `The tokenizer has no token for ${character}.`,
    hint: 'Remove this text from the examples, or choose a model whose tokenizer knows it.',
  }),
  tokenizer_unusable: ({ file, fault }: { file: string; fault: string }) => ({
    message: `${file} can’t be used: ${fault}.`,
    hint: 'The model’s folder needs a tokenizer.json as Transformers saves it for “fast” tokenizers.',
  }),
  tokenizer_grows: ({ from, to }: { from: number; to: number }) => ({
    message: `The tokenizer’s normalizer turns ${from} characters into ${to}.`,
    hint: 'Use a tokenizer.json from the publisher of the model: no published one does that.',
  }),
};
