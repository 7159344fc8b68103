import { message, type Message } from '../../core/messages/message';
import type { ModelIdentity } from './open';

/** The base's name in an adapter, by which PEFT finds it: a repository at a commit, else the model's name or path. */
export function baseNameOf({ name, repo, commit }: ModelIdentity): {
  readonly baseModel: string;
  readonly revision: string | null;
} {
  return repo === undefined
    ? { baseModel: name, revision: null }
    : { baseModel: repo, revision: commit ?? null };
}

/**
 * A note if an adapter names another base than the open one. It is no error, because the same base may have another
 * name, such as a path or that of a quantised copy.
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
