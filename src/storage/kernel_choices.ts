import { array, object, record, safeParse, string } from 'valibot';
import { sha256Hex } from '../core/bytes';
import type { KnownChoices } from '../gpu/choices';
import type { Device } from '../gpu/device';
import { allShaders } from '../gpu/shaders';
import type { RecordStore } from './records';

/** Increase it if the set of candidates or the comparison changes without a change of the shaders. */
const VERSION = 1;

const names = array(string());
const schema = object({
  /** A hash of all shaders and of the version of the comparison. */
  shaders: string(),
  tuned: record(string(), object({ candidates: names, chosen: string() })),
  refused: record(string(), names),
});

/** The device's description (which includes the driver, if known) and the features that kernels may use. */
type NamedDevice = Pick<Device, 'description' | 'features'>;

/** Stores the fastest kernels of each device, one record a device. */
export class KernelChoiceStore {
  readonly #records: Pick<RecordStore, 'get' | 'put'>;

  constructor(records: Pick<RecordStore, 'get' | 'put'>) {
    this.#records = records;
  }

  /**
   * The stored choices of a device; undefined if there are none, they are damaged, or the kernels have changed since.
   */
  async recall(device: NamedDevice): Promise<KnownChoices | undefined> {
    const parsed = safeParse(schema, await this.#records.get(await idOf(device)));
    if (!parsed.success || parsed.output.shaders !== (await kernelsHash())) return undefined;
    const { tuned, refused } = parsed.output;
    return { tuned, refused };
  }

  async keep(device: NamedDevice, { tuned, refused }: KnownChoices): Promise<void> {
    const { description: name, features } = device;
    const shaders = await kernelsHash();
    await this.#records.put(await idOf(device), { name, features, shaders, tuned, refused });
  }
}

async function idOf({ description, features }: NamedDevice): Promise<string> {
  return (await hashOf(JSON.stringify([description, features]))).slice(0, 32);
}

async function kernelsHash(): Promise<string> {
  return await hashOf(JSON.stringify([VERSION, allShaders()]));
}

async function hashOf(text: string): Promise<string> {
  return await sha256Hex(new TextEncoder().encode(text));
}
