import { message, type Message } from '../../core/messages/message';
import type { DataSettings } from '../../core/settings/settings';
import { nameOfEncoding } from '../../data/files/encoding';
import type { ReadFacts } from './read_facts';

/** Guesses about the sources of examples, and options that name what they do not have. */
export function sourceNotes(
  { sources }: Pick<DataSettings, 'sources'>,
  names: readonly string[],
  facts: readonly ReadFacts[],
): readonly Message[] {
  const strangers = Object.keys(sources).filter((name) => !names.includes(name));
  return [
    ...facts.flatMap(notesOn),
    ...facts.flatMap(({ name: file, columns }) => {
      const named = Object.values((Object.hasOwn(sources, file) && sources[file]?.columns) || {});
      const absent = named.filter((name) => !columns.some((column) => column.name === name));
      return absent.length > 0 ? [message('columns_absent', { file, names: absent })] : [];
    }),
    ...(strangers.length > 0 ? [message('sources_unknown', { names: strangers })] : []),
  ];
}

function notesOn(facts: ReadFacts): readonly Message[] {
  const { name: file, encoding, encodingGuessed, header, headerGuessed, guess, unrecognised } = facts;
  const notes: Message[] = [];
  if (encoding !== undefined && encodingGuessed === true)
    notes.push(message('file_encoding_guessed', { file, encoding: nameOfEncoding(encoding) }));
  if (header === false && headerGuessed === true) notes.push(message('table_headless', { file }));
  if (guess && unrecognised > 0)
    notes.push(message('columns_guess', { sources: JSON.stringify({ [file]: guess }) }));
  return notes;
}
