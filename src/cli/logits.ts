import { basename, dirname } from 'node:path';
import { bytesOf } from '../core/bytes';
import { TunesmithError } from '../core/errors';
import { LOAD_SETTINGS, parseSettings } from '../core/settings/settings';
import { writeSafetensors } from '../formats/safetensors';
import type { Session } from '../session/session';
import { nodeFiles } from '../storage/node_files';
import { ADAPTER_OPTION, JSON_OPTION, type Command } from './command';
import { t } from './language';
import { MODEL_OPTIONS } from './library';
import { openSession } from './open';

export const logitsCommand: Command = {
  name: 'logits',
  summary: t.cli.summaries.logits,
  options: {
    ...MODEL_OPTIONS,
    adapter: ADAPTER_OPTION,
    input_ids: { value: '1,2,3', kind: 'text', required: true, help: t.cli.options.inputIds },
    output: { value: 'FILE', kind: 'text', required: true, help: t.cli.options.outputFile },
    json: JSON_OPTION,
  },
  settings: LOAD_SETTINGS,
  async run(args, output) {
    const settings = parseSettings(args.settings);
    const ids = tokenIds(args.required('input_ids'));
    const path = args.required('output');
    const session = await openSession(args, settings, output);
    try {
      checkIds(ids, session);
      const logits = await session.logits(ids);
      const shape = [ids.length, session.layout.spec.vocabularySize];
      const file = writeSafetensors([{ name: 'logits', dtype: 'F32', shape, data: bytesOf(logits) }]);
      await nodeFiles(dirname(path)).write(basename(path), file);
      output.json({ output: path, shape });
      output.line(t.cli.logitsWritten(path, shape));
    } finally {
      session.close();
    }
  },
};

function tokenIds(text: string): number[] {
  return text.split(',').map((part) => {
    if (/^\s*\d+\s*$/.test(part)) return Number(part);
    throw new TunesmithError({ code: 'input_ids', values: { given: text } });
  });
}

function checkIds(ids: readonly number[], { layout }: Session): void {
  const { vocabularySize } = layout.spec;
  const beyond = ids.find((id) => id >= vocabularySize);
  if (beyond !== undefined) {
    throw new TunesmithError({
      code: 'input_id_beyond',
      values: { id: beyond, vocabulary: vocabularySize },
    });
  }
  if (ids.length > layout.positions) {
    const values = { count: ids.length, positions: layout.positions };
    throw new TunesmithError({ code: 'input_ids_too_many', values });
  }
}
