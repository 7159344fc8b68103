import { TunesmithError } from '../../core/errors';
import { message, type Message } from '../../core/messages/message';
import { isAddress, isRepo, parseModelReference, refuseOtherPage } from '../../core/model_reference';
import type { ModelIdentity } from './open';

/** A base's name in an adapter, by which PEFT finds it. */
export interface BaseName {
  /** A repository, or the model's name or path. */
  readonly baseModel: string;
  /** The commit of a repository. */
  readonly revision: string | null;
  /** The GGUF file that the base was loaded from, if its name is known. */
  readonly gguf: string | undefined;
}

/**
 * @param said the person's words for a base from local files: a repository (with a revision or a GGUF file), its address,
 *   or a path
 */
export function baseNameOf({ name, repo, commit, file }: ModelIdentity, said?: string): BaseName {
  if (said !== undefined) {
    const reference = parseModelReference(said);
    if (!reference) return { baseModel: said, revision: null, gguf: undefined };
    return { baseModel: reference.repo, revision: reference.revision ?? null, gguf: reference.file };
  }
  return repo === undefined
    ? { baseModel: name, revision: null, gguf: file }
    : { baseModel: repo, revision: commit ?? null, gguf: file };
}

/**
 * The person's words for a base, without blanks around them; undefined for none.
 *
 * @throws TunesmithError `model_reference` for an address that is no model's
 */
export function readBaseName(typed: string): string | undefined {
  const said = typed.replace(/\s+/g, ' ').trim();
  if (said === '') return undefined;
  refuseOtherPage(said);
  if (isAddress(said) && !parseModelReference(said)) {
    throw new TunesmithError({ code: 'model_reference', values: { typed: said } });
  }
  return said;
}

/**
 * A note if an adapter names another base than the open one. It is no error, because the same base may have another
 * name, such as a path or that of a quantised copy.
 *
 * @param said as for `baseNameOf`
 */
export function otherBaseNotes(
  named: string | null,
  identity: ModelIdentity,
  said?: string,
): readonly Message[] {
  const open = baseNameOf(identity, said).baseModel;
  if (named === null || lastPart(named) === lastPart(open)) return [];
  return [message('adapter_of_other_base', { named, open })];
}

/** Whether a name is surely a repository of the Hub and not a path. */
export function isRepoName({ repo }: ModelIdentity, said: string | undefined, name: string): boolean {
  return isRepo(name) && (said !== undefined || repo !== undefined);
}

function lastPart(name: string): string {
  return name
    .replace(/[\\/]+$/, '')
    .split(/[\\/]/)
    .at(-1)!
    .toLowerCase();
}
