import { array, object, record, safeParse, string } from 'valibot';
import { sha256Hex } from '../core/bytes';
import type { KnownChoices } from '../gpu/choices';
import type { Device } from '../gpu/device';
import { allShaders } from '../gpu/shaders';
import type { RecordStore } from './records';

/** Raised where what is compared, or how, has changed without a change of the shaders. */
const VERSION = 1;

const names = array(string());
const schema = object({
  /** Of all shaders, and of the comparison. */
  shaders: string(),
  answers: record(string(), object({ candidates: names, chosen: string() })),
  refused: record(string(), names),
});

/** The device's name (in which its driver's is, as far as it is told) and what kernels may use of it. */
type NamedDevice = Pick<Device, 'description' | 'features'>;

/** Keeps which kernels were found to be the fastest on a device, one record a device. */
export class KernelChoiceStore {
  readonly #records: Pick<RecordStore, 'get' | 'put'>;

  constructor(records: Pick<RecordStore, 'get' | 'put'>) {
    this.#records = records;
  }

  /** Undefined if nothing is kept, where it is damaged, or where it was found out with other kernels. */
  async recall(device: NamedDevice): Promise<KnownChoices | undefined> {
    const parsed = safeParse(schema, await this.#records.get(await idOf(device)));
    if (!parsed.success || parsed.output.shaders !== (await kernelsHash())) return undefined;
    const { answers, refused } = parsed.output;
    return { answers, refused };
  }

  async keep(device: NamedDevice, { answers, refused }: KnownChoices): Promise<void> {
    const { description: name, features } = device;
    const shaders = await kernelsHash();
    await this.#records.put(await idOf(device), { name, features, shaders, answers, refused });
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
