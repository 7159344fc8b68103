import { plural } from './format';

/** The view of the cleaning. A step needs its name, its help, and the names of its options and their values. */
export const cleaning = {
  presets: 'Cleaning',
  presetNames: { none: 'None', light: 'Light', strict: 'Strict', own: 'Own choice' },
  presetHelp: {
    none: 'The examples are learnt as they are.',
    light: 'Repairs characters and white space, and drops exact duplicates.',
    strict: 'Also masks private data, and drops poor and nearly equal answers.',
    own: 'The steps that you have switched on.',
  },
  total: (rows: number, changed: string, dropped: string) =>
    `Of ${plural(rows, 'row')}, ${changed} changed and ${dropped} dropped.`,
  showDropped: 'Show the dropped rows',
  showLeaked: 'Show these rows',
  stepCounts: (changed: string, dropped: string) => `${changed} changed, ${dropped} dropped`,
  noEffect: 'nothing found',
  examples: 'Examples',
  before: 'before',
  after: 'after',
  droppedRow: 'dropped',
  droppedLike: (place: string) => `dropped, like ${place}`,
  add: 'Add…',
  takeAway: (name: string) => `Take ${name} away`,
  noLimit: 'no limit',
  between: (least: string, most: string) => `a number from ${least} to ${most}`,
  steps: {
    characters: {
      name: 'Broken characters',
      help: 'Removes characters that nobody sees, repairs “Ã©” to “é” where that is certain, and drops rows with lost characters (�).',
      options: {},
      values: {},
    },
    unicode: {
      name: 'Unicode form',
      help: 'Writes each letter with its accents as one character (NFC).',
      options: {},
      values: {},
    },
    spaces: {
      name: 'White space',
      help: 'Removes spaces at the ends of lines and texts, and empty lines beyond one.',
      options: {},
      values: {},
    },
    private_data: {
      name: 'Private data',
      help: 'Finds addresses, numbers and keys by their form and their check digits.',
      options: { action: 'Action', kinds: 'Kinds' },
      values: {
        mask: 'a mark takes their place: [EMAIL]',
        drop: 'the row is dropped',
        email: 'e-mail addresses',
        phone: 'phone numbers',
        id: 'Chinese identity numbers',
        iban: 'bank accounts (IBAN)',
        card: 'payment cards',
        ip: 'IP addresses',
        key: 'keys and passwords',
      },
    },
    language: {
      name: 'Language',
      help: 'Drops rows with answers that are certainly in other languages.',
      options: { keep: 'Languages to keep' },
      values: {},
    },
    length: {
      name: 'Length',
      help: 'Drops rows with a question or an answer of another length, in characters.',
      options: {
        min_question: 'Shortest question',
        max_question: 'Longest question',
        min_answer: 'Shortest answer',
        max_answer: 'Longest answer',
      },
      values: {},
    },
    repeats: {
      name: 'Repetitions',
      help: 'Drops rows with an answer that is the question again, or that repeats itself.',
      options: { max_share: 'Largest repeated share' },
      values: {},
    },
    duplicates: {
      name: 'Duplicates',
      help: 'Drops rows with the content of an earlier one.',
      options: {},
      values: {},
    },
    near_duplicates: {
      name: 'Near duplicates',
      help: 'Drops rows that are nearly the same as an earlier one.',
      options: { threshold: 'Least similarity' },
      values: {},
    },
  },
};
