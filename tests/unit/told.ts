import { describeError, type ErrorCode } from '../../src/core/errors';
import { english } from '../../src/core/messages/english';
import { errorWords } from '../../src/core/messages/message';

/** An error's words for a person, in English. */
export function told(error: unknown): { code: ErrorCode; message: string; hint: string } {
  const described = describeError(error);
  return { code: described.code, hint: '', ...errorWords(english, described) };
}
