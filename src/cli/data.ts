import { describeError } from '../core/errors';
import { DEFAULTS, parseSettings, settingFromText } from '../core/settings/settings';
import { cleaningMessage, type CleaningExample, type CleaningReport } from '../data/cleaning/report';
import { cleanRows, ROW_SETTINGS } from '../session/data/clean_rows';
import type { SourceFacts } from '../session/data/uses';
import { DATA_OPTION, JSON_OPTION, type Command } from './command';
import { showDatasets } from './hub_data';
import { jsonOf } from './json';
import { say, sayError, t } from './language';
import { checkFree, writeLines } from './line_file';
import { DATA_HUB_OPTIONS } from './library';
import { problemText, readData } from './open';
import type { Output } from './output';
import { temporaryScratch } from './scratch';
import { interruptible } from './signals';

const defaults = { eval_split: 0 };

export const dataCommand: Command = {
  name: 'data',
  summary: t.cli.summaries.data,
  options: {
    data: DATA_OPTION,
    info: { value: '', kind: 'flag', help: t.cli.options.dataInfo },
    ...DATA_HUB_OPTIONS,
    clean: { value: 'STEPS', kind: 'text', help: t.cli.options.clean },
    output: { value: 'FILE', kind: 'text', help: t.cli.options.dataOutput },
    overwrite: { value: '', kind: 'flag', help: t.cli.options.overwrite },
    json: JSON_OPTION,
  },
  settings: ROW_SETTINGS,
  defaults,
  async run(args, output) {
    const clean = args.text('clean');
    const cleaning = clean === undefined ? {} : { cleaning: settingFromText('cleaning', clean) };
    const settings = parseSettings({ ...args.settings, ...cleaning }, { ...DEFAULTS, ...defaults });
    if (args.flag('info')) {
      await showDatasets(args, output);
      return;
    }
    const path = args.text('output');
    if (path !== undefined) await checkFree(path, args.flag('overwrite'));
    const files = await readData(args, output);
    await interruptible(async (signal) => {
      const rows = await cleanRows(files, settings, { signal, scratch: temporaryScratch });
      try {
        const { count, heldOut, sources, problems, notes, cleaning, obstacle } = rows;
        for (const note of notes) output.note(say(note));
        for (const problem of problems) output.note(problemText(problem));
        if (path !== undefined) await writeLines(path, rows.lines());
        output.json({
          rows: count,
          held_out: heldOut,
          ...(path !== undefined && { output: path }),
          ...jsonOf({ sources: sources.map(useOf), cleaning, problems, notes }),
        });
        if (cleaning) report(cleaning, output);
        if (sources.length > 1 || heldOut > 0) reportUses(sources, output);
        if (obstacle) output.note(sayError(describeError(obstacle)).message);
        output.line(path === undefined ? t.cli.rowsRead(count) : t.cli.rowsWritten(path, count));
      } finally {
        await rows.close();
      }
    });
  },
};

/** The use of a file's rows, for programs. */
function useOf({ name, records, trained, heldOut }: SourceFacts): object {
  return { file: name, records, rows: trained, held_out: heldOut };
}

function reportUses(sources: readonly SourceFacts[], output: Output): void {
  for (const { name, trained, heldOut } of sources) output.line(t.cli.rowsOfFile(name, trained, heldOut));
}

function report({ steps }: CleaningReport, output: Output): void {
  for (const step of steps) {
    output.line(say(cleaningMessage(step)));
    for (const example of step.examples) output.line(`  ${exampleText(example)}`);
  }
}

function exampleText({ file, record, before, after, like }: CleaningExample): string {
  const place = t.cli.rowPlace(file, record);
  const quoted = JSON.stringify(before);
  if (after !== undefined) return t.cli.rowChanged(place, quoted, JSON.stringify(after));
  if (!like) return t.cli.rowDropped(place, quoted);
  return t.cli.rowDroppedLike(place, quoted, t.cli.rowPlace(like.file, like.record));
}
