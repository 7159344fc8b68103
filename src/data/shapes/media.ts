import type { LosslessJson } from '../../core/lossless_json';
import { message } from '../../core/messages/message';
import { presentIn, type RecordSample, type RecordShape } from './shape';

const MEDIA = ['images', 'image', 'videos', 'video', 'audios', 'audio'];

/** Records with pictures, sound or video: refused, because their text alone means something else. */
export const media: RecordShape = {
  matches: (record) => MEDIA.some((name) => isFilled(record[name])),
  read: (record) => ({
    code: 'record_media',
    reason: message('record_has_media', { columns: presentIn(record, MEDIA) }),
  }),
};

function isFilled(value: LosslessJson | undefined): boolean {
  return value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0);
}

/**
 * The mark of a picture or another medium at the beginning or end of a question, as in LLaVA's and LLaMA-Factory's
 * records.
 */
export function mediaMarkIn(sample: RecordSample): string | undefined {
  if (sample.kind === 'text') return undefined;
  for (const { role, content } of sample.kind === 'preference' ? sample.prompt : sample.messages) {
    if (role === 'user') {
      const found = /^\s*(<(?:image|video|audio)>)|(<(?:image|video|audio)>)\s*$/.exec(content);
      if (found) return found[1] ?? found[2];
    }
  }
  return undefined;
}
