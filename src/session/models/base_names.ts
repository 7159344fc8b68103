import { object, safeParse, string } from 'valibot';
import type { RecordStore } from '../../storage/records';

/** The person's words for where bases come from, by the hash of the model. */
export class BaseNames {
  readonly #records: Pick<RecordStore, 'get' | 'put' | 'remove'>;

  constructor(records: Pick<RecordStore, 'get' | 'put' | 'remove'>) {
    this.#records = records;
  }

  /** Undefined if the person has not said it, or the storage can't be read. */
  async get(hash: string): Promise<string | undefined> {
    const record = await this.#records.get(hash).catch(() => undefined);
    const parsed = safeParse(object({ base_model_name_or_path: string() }), record);
    return parsed.success ? parsed.output.base_model_name_or_path : undefined;
  }

  async put(hash: string, said: string | undefined): Promise<void> {
    if (said === undefined) await this.#records.remove(hash);
    else await this.#records.put(hash, { base_model_name_or_path: said });
  }
}
