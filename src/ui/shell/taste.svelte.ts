import { object, safeParse, string } from 'valibot';
import type { RemoteEngine } from '../../worker/protocol';

const Row = object({ instruction: string(), output: string() });

/** A few of the demo's examples to show at the start. */
export class Taste {
  static readonly size = 3;
  rows: readonly { readonly instruction: string; readonly output: string }[] = $state.raw([]);

  async load(engine: Pick<RemoteEngine, 'examples'>): Promise<void> {
    const { content } = await engine.examples.demo();
    const lines = (await content.text()).split('\n', Taste.size);
    this.rows = lines.flatMap((line) => {
      const row = safeParse(Row, JSON.parse(line));
      return row.success ? [row.output] : [];
    });
  }
}
