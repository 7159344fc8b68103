import { fieldsOf, type LosslessJson } from '../../../core/lossless_json';

/** A question and its answer, or a text, of a record that a program wrote; undefined for any other. */
export function shownTexts(value: LosslessJson): readonly string[] | undefined {
  const { instruction, input, output, text, messages } = fieldsOf(value) ?? {};
  if (typeof text === 'string') return [text];
  if (typeof instruction === 'string' && typeof output === 'string') {
    const question = typeof input === 'string' && input !== '' ? `${instruction}\n${input}` : instruction;
    return [question, output];
  }
  if (!Array.isArray(messages)) return undefined;
  const said = (role: string): string | undefined => {
    const found = (messages as readonly LosslessJson[])
      .map((each) => fieldsOf(each))
      .find((each) => each?.role === role);
    return typeof found?.content === 'string' ? found.content : undefined;
  };
  const texts = [said('user'), said('assistant')].filter((each) => each !== undefined && each !== '');
  return texts.length > 0 ? (texts as readonly string[]) : undefined;
}
