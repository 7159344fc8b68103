import { object, safeParse, string } from 'valibot';
import type { RecordStore } from '../../storage/records';

type Records = Pick<RecordStore, 'get' | 'put' | 'remove'>;

/** The person's words for where bases come from, by the hash of the model. */
export class BaseNames {
  readonly #records: Records | undefined;
  /** The words of this session, which count even if they can't be stored. */
  readonly #said = new Map<string, string | undefined>();

  /** @param records if absent, the words count as long as the session */
  constructor(records?: Records) {
    this.#records = records;
  }

  /** Undefined if the person has not said it, or the storage can't be read. */
  async get(hash: string): Promise<string | undefined> {
    if (this.#said.has(hash)) return this.#said.get(hash);
    const record = await this.#records?.get(hash).catch(() => undefined);
    const parsed = safeParse(object({ base_model_name_or_path: string() }), record);
    return parsed.success ? parsed.output.base_model_name_or_path : undefined;
  }

  /** @param said undefined forgets the words */
  async put(hash: string, said: string | undefined): Promise<void> {
    this.#said.set(hash, said);
    const stored =
      said === undefined
        ? this.#records?.remove(hash)
        : this.#records?.put(hash, { base_model_name_or_path: said });
    await stored?.catch(() => undefined);
  }
}
