import { losslessText, type LosslessJson } from '../core/lossless_json';
import { textHash } from '../core/text_hash';
import type { Sample } from './messages';

/**
 * A number that is equal for samples with the same content. White space, and the ways in which Unicode writes the same
 * character, make no difference.
 */
export function contentKey(sample: Sample): number {
  return textHash(contentOf(sample));
}

function contentOf(sample: Sample): string {
  if (sample.kind === 'text') return normal(sample.text);
  const messages = sample.messages.map(({ role, content, fields }) => {
    const more = fields ? losslessText(fields as LosslessJson) : '';
    return `${role}\u0000${normal(content)}\u0000${more}`;
  });
  const tools = sample.tools ? losslessText(sample.tools as LosslessJson) : '';
  return `${messages.join('\u0001')}\u0001${tools}`;
}

function normal(text: string): string {
  return text.normalize('NFC').replaceAll(/\s+/gu, ' ').trim();
}
