import { message, type Message } from '../../core/messages/message';
import type { ModelIdentity } from './open';

/** What an adapter calls its base, so that PEFT finds it: a repository at a commit, else the model's name or path. */
export function baseNameOf({ name, repo, commit }: ModelIdentity): {
  readonly baseModel: string;
  readonly revision: string | null;
} {
  return repo === undefined
    ? { baseModel: name, revision: null }
    : { baseModel: repo, revision: commit ?? null };
}

/**
 * Says so where an adapter names another base than the one that is open. It may be the same under another name, such as a
 * path or a copy that is quantised: so it is no error.
 */
export function otherBaseNotes(named: string | null, identity: ModelIdentity): readonly Message[] {
  const open = baseNameOf(identity).baseModel;
  if (named === null || lastPart(named) === lastPart(open)) return [];
  return [message('adapter_of_other_base', { named, open })];
}

function lastPart(name: string): string {
  return name
    .replace(/[\\/]+$/, '')
    .split(/[\\/]/)
    .at(-1)!
    .toLowerCase();
}
