import { basename } from 'node:path';
import { readFile } from 'node:fs/promises';
import { memoryFile } from '../core/file_reader';
import { describeError, TunesmithError } from '../core/errors';
import { parseLosslessJson } from '../core/lossless_json';
import {
  ANSWER_DEFAULTS,
  DEFAULTS,
  LOAD_SETTINGS,
  parseAnswerSettings,
  parseSettings,
  type TrainSettings,
} from '../core/settings/settings';
import { TECHNIQUE_NAMES } from '../data/augmentation/techniques';
import { contentKey } from '../data/content_key';
import { editsText, type AddedRecord } from '../data/edits';
import type { Sample } from '../data/records';
import { cleanRows, ROW_SETTINGS } from '../session/data/clean_rows';
import { augmentRows } from '../session/writing/augmenting';
import { estimateOf } from '../session/writing/cost';
import type { Proposal } from '../session/writing/proposal';
import { givenPrompt, jobsOf, type WritingTask } from '../session/writing/tasks';
import { readTextFile } from '../session/writing/text_file';
import { writeRows } from '../session/writing/write_rows';
import type { Arguments } from './arguments';
import { ADAPTER_OPTION, DATA_OPTION, JSON_OPTION, type Command } from './command';
import { jsonOf } from './json';
import { say, sayError, t } from './language';
import { MODEL_OPTION, MODEL_OPTIONS } from './library';
import { checkFree, writeLines } from './line_file';
import { openSession, problemText, readData } from './open';
import type { Output } from './output';
import { temporaryScratch } from './scratch';
import { interruptible } from './signals';
import { openWriter, serviceOf } from './writers';

const TASKS = ['change', 'variations', 'answers', 'prefixes', 'pairs'] as const;
const DEFAULT_WAYS = 'templates,typos';
/** The part of the words that is changed. */
const SHARE = 0.1;
/** Most characters of a part of a document. */
const CHUNK = 2000;
const ROWS = { change: 1, variations: 3, answers: 1, prefixes: 1, pairs: 3 };
/** Tokens of the beginning of an answer, and of 100 questions those that are answered whole. */
const PREFIX_TOKENS = 32;
const WHOLE_PERCENT = 10;
const MOST = 200;
const PER_MINUTE = 30;

const defaults = { eval_split: 0 };
/** An answer as JSON needs more room than a chat's. */
const answerDefaults = { ...ANSWER_DEFAULTS, max_new_tokens: 1024 };

export const writeCommand: Command = {
  name: 'write',
  summary: t.cli.summaries.write,
  options: {
    task: { value: 'TASK', kind: 'text', required: true, help: t.cli.options.writeTask(TASKS) },
    data: { ...DATA_OPTION, required: false, help: t.cli.options.writeData },
    ...MODEL_OPTIONS,
    model: { ...MODEL_OPTION, required: false, help: t.cli.options.writeOpenModel },
    adapter: ADAPTER_OPTION,
    ways: { value: 'NAMES', kind: 'text', help: t.cli.options.writeWays(TECHNIQUE_NAMES) },
    synonyms: { value: 'FILE', kind: 'text', help: t.cli.options.writeSynonyms },
    questions: { value: 'FILE', kind: 'text', help: t.cli.options.writeQuestions },
    document: { value: 'FILE', kind: 'text', help: t.cli.options.writeDocument },
    prefix_tokens: { value: 'N', kind: 'text', help: t.cli.options.writePrefixTokens(PREFIX_TOKENS) },
    whole_percent: { value: 'N', kind: 'text', help: t.cli.options.writeWholePercent(WHOLE_PERCENT) },
    address: { value: 'URL', kind: 'text', help: t.cli.options.writeAddress },
    service_model: { value: 'NAME', kind: 'text', help: t.cli.options.writeModel },
    key_variable: { value: 'NAME', kind: 'text', help: t.cli.options.writeKey },
    prompt: { value: 'FILE', kind: 'text', help: t.cli.options.writePrompt },
    rows: { value: 'N', kind: 'text', help: t.cli.options.writeRows(ROWS.pairs) },
    most: { value: 'N', kind: 'text', help: t.cli.options.writeMost(MOST) },
    per_minute: { value: 'N', kind: 'text', help: t.cli.options.writePerMinute(PER_MINUTE) },
    output: { value: 'FILE', kind: 'text', required: true, help: t.cli.options.writeOutput },
    overwrite: { value: '', kind: 'flag', help: t.cli.options.overwrite },
    json: JSON_OPTION,
  },
  settings: [...ROW_SETTINGS, ...LOAD_SETTINGS, 'template'],
  defaults,
  answers: ['max_new_tokens', 'temperature'],
  answerDefaults,
  async run(args, output) {
    const path = args.required('output');
    await checkFree(path, args.flag('overwrite'));
    const task = choiceOf('task', args.required('task'), TASKS);
    const count = numberOf(args, 'rows', ROWS[task], 1000);
    const most = numberOf(args, 'most', MOST, 1_000_000);
    if ((task === 'change' || task === 'variations') && args.list('data').length === 0) throw missing('data');
    const proposals: Proposal[] = [];
    const keep = (rows: readonly Proposal[]): void => void proposals.push(...rows);
    try {
      await interruptible(async (signal) => {
        const rows = await rowsOf(args, output, signal);
        try {
          if (task === 'change')
            await change({ args, output, copies: count, most, samples: rows.samples, keep }, signal);
          else await write({ args, output, task, count, most, samples: rows.samples, keep }, signal);
        } finally {
          await rows.close();
        }
      });
    } finally {
      output.progress('');
      // A stop or a failure keeps the rows that have arrived: they are paid for.
      if (proposals.length > 0)
        await writeLines(
          path,
          editsText({ records: [], added: proposals.map(addedOf) })
            .trimEnd()
            .split('\n'),
        );
    }
    if (proposals.length === 0) throw new TunesmithError({ code: 'writing_nothing' });
    output.line(t.cli.rowsWritten(path, proposals.length));
  },
};

interface Work {
  readonly args: Arguments;
  readonly output: Output;
  readonly most: number;
  readonly samples: () => AsyncIterable<Sample>;
  readonly keep: (rows: readonly Proposal[]) => void;
}

async function change(
  { args, output, most, samples, keep, copies }: Work & { copies: number },
  signal: AbortSignal,
): Promise<void> {
  const ways = (args.text('ways') ?? DEFAULT_WAYS)
    .split(',')
    .map((way) => choiceOf('ways', way.trim(), TECHNIQUE_NAMES));
  const synonyms = args.text('synonyms');
  const techniques = {
    templates: { templates: t.more.templates },
    synonyms: { share: SHARE, synonyms: synonyms === undefined ? '' : await textAt(synonyms) },
    typos: { share: SHARE },
    deletion: { share: SHARE },
    swap: { share: SHARE },
  };
  const on = Object.fromEntries(ways.map((way) => [way, techniques[way]]));
  const { seed } = settingsOf(args);
  const report = await augmentRows(
    samples(),
    { techniques: on, copies, seed, most, known: contentsOf(samples()) },
    keep,
    signal,
  );
  output.json({ event: 'changed', ...jsonOf(report) });
}

async function write(
  { args, output, task, count, most, samples, keep }: Work & { task: WritingTask['kind']; count: number },
  signal: AbortSignal,
): Promise<void> {
  const prompt = args.text('prompt');
  const jobs = await jobsOf(
    await taskOf(args, task),
    { prompt: prompt === undefined ? givenPrompt(task, t.more.prompts) : await textAt(prompt), count, most },
    samples,
  );
  const { max_new_tokens: maxTokens, temperature } = parseAnswerSettings(args.answers, answerDefaults);
  const length = { maxTokens, temperature };
  const session = task === 'prefixes' ? await openSession(args, settingsOf(args), output) : undefined;
  const result = await (async () => {
    try {
      const writer = session
        ? openWriter(args, session, { ...length, seed: settingsOf(args).seed })
        : serviceOf({
            address: required(args, 'address'),
            model: required(args, 'service_model'),
            keyVariable: args.text('key_variable'),
            perMinute: numberOf(args, 'per_minute', PER_MINUTE, 100_000),
            ...length,
          });
      const { requests, promptTokens, answerTokens } = estimateOf(jobs, maxTokens);
      output.note(t.more.estimate(requests, t.format.count(promptTokens), t.format.count(answerTokens)));
      return await writeRows(
        jobs,
        writer,
        (event) => {
          if (event.kind === 'rows') keep(event.proposals);
          if (event.kind === 'progress')
            output.progress(t.more.writing(t.format.count(event.done), t.format.count(event.all)));
        },
        signal,
      );
    } finally {
      session?.close();
    }
  })();
  output.progress('');
  const { usage, isEstimated, problems } = result;
  output.json({ event: 'written', ...jsonOf(result) });
  for (const { reason, count: times } of problems)
    output.note(t.more.problem(times, say(reason).replace(/[.。]$/, '')));
  output.note(
    t.more.used(t.format.count(usage.promptTokens), t.format.count(usage.answerTokens), isEstimated),
  );
}

function settingsOf(args: Arguments): TrainSettings {
  return parseSettings(args.settings, { ...DEFAULTS, ...defaults });
}

async function* contentsOf(samples: AsyncIterable<Sample>): AsyncGenerator<number, void, void> {
  for await (const sample of samples) yield contentKey(sample);
}

/** The rows of --data, if there are any. */
async function rowsOf(
  args: Arguments,
  output: Output,
  signal: AbortSignal,
): Promise<{ readonly samples: () => AsyncIterable<Sample>; readonly close: () => Promise<void> }> {
  if (args.list('data').length === 0) return { samples: noSamples, close: () => Promise.resolve() };
  const rows = await cleanRows(await readData(args, output), settingsOf(args), {
    signal,
    scratch: temporaryScratch,
  });
  for (const note of rows.notes) output.note(say(note));
  for (const problem of rows.problems) output.note(problemText(problem));
  if (rows.obstacle) output.note(sayError(describeError(rows.obstacle)).message);
  return { samples: () => rows.samples(), close: () => rows.close() };
}

async function* noSamples(): AsyncGenerator<Sample, void, void> {
  yield* await Promise.resolve([]);
}

async function taskOf(args: Arguments, task: WritingTask['kind']): Promise<WritingTask> {
  if (task === 'variations') return { kind: 'variations', query: {} };
  if (task === 'prefixes') {
    const own = args.list('data').length === 0 || args.text('questions') !== undefined;
    return {
      kind: 'prefixes',
      questions: own ? await textAt(required(args, 'questions')) : undefined,
      query: {},
      tokens: numberOf(args, 'prefix_tokens', PREFIX_TOKENS, 4096),
      whole: numberOf(args, 'whole_percent', WHOLE_PERCENT, 100, 0) / 100,
      seed: settingsOf(args).seed,
    };
  }
  if (task === 'answers') return { kind: 'answers', questions: await textAt(required(args, 'questions')) };
  const document = args.text('document');
  return {
    kind: 'pairs',
    document: document === undefined ? undefined : await textAt(document),
    chunk: CHUNK,
  };
}

/** An option that only some tasks need. */
function required(args: Arguments, option: string): string {
  const given = args.text(option);
  if (given !== undefined) return given;
  throw missing(option);
}

function missing(option: string): TunesmithError {
  const { value = '' } = writeCommand.options[option] ?? {};
  return new TunesmithError({ code: 'argument_missing', values: { command: 'write', option, value } });
}

function choiceOf<Choice extends string>(option: string, given: string, choices: readonly Choice[]): Choice {
  const found = choices.find((choice) => choice === given);
  if (found !== undefined) return found;
  throw new TunesmithError({ code: 'argument_choice', values: { option, given, choices } });
}

function numberOf(args: Arguments, option: string, fallback: number, most: number, least = 1): number {
  const given = args.text(option) ?? String(fallback);
  const number = /^\d+$/.test(given) ? Number(given) : -1;
  if (number >= least && number <= most) return number;
  throw new TunesmithError({ code: 'argument_number', values: { option, given, most } });
}

async function textAt(path: string): Promise<string> {
  const bytes = await readFile(path).catch(() => {
    throw new TunesmithError({ code: 'data_file_missing', values: { path } });
  });
  return await readTextFile(memoryFile(basename(path), new Uint8Array(bytes)));
}

function addedOf({ json, origin }: Proposal): AddedRecord {
  return { value: parseLosslessJson(json), origin };
}
