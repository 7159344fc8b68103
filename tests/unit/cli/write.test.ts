import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { parseArguments } from '../../../src/cli/arguments';
import { createOutput } from '../../../src/cli/output';
import { writeCommand } from '../../../src/cli/write';
import { memoryFile } from '../../../src/core/file_reader';
import { readEdits } from '../../../src/data/edits';
import { chatServer, refuse, whole } from '../session/writing/server';

const KEY = 'sk-of-the-test';
let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tunesmith-write-'));
  vi.stubEnv('SERVICE_KEY', KEY);
  const rows = [
    { instruction: 'Where does the small bird sing?', output: 'In the nest.' },
    { text: 'A bird sings in its nest.' },
  ];
  await writeFile(join(root, 'rows.jsonl'), rows.map((row) => JSON.stringify(row)).join('\n'));
  await writeFile(join(root, 'questions.txt'), 'Why?\nWhen?\n');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(root, { recursive: true });
});

async function run(...given: string[]): Promise<string> {
  let told = '';
  const write = (text: string) => (told += text);
  const args = parseArguments(writeCommand, [...given, '--output', join(root, 'more.jsonl')]);
  await writeCommand.run(args, createOutput(args.flag('json'), { out: { write }, error: { write } }));
  return told;
}

async function written() {
  const bytes = new Uint8Array(await readFile(join(root, 'more.jsonl')));
  return (await readEdits(memoryFile('more.jsonl', bytes))).added;
}

const service = (address: string) => [
  ...['--address', address, '--service_model', 'parrot', '--key_variable', 'SERVICE_KEY'],
];

it('changes rows into a file that --data takes', async () => {
  const data = ['--data', join(root, 'rows.jsonl')];
  await run('--task', 'change', ...data, '--ways', 'swap,typos', '--rows', '2');
  const rows = await written();
  expect(rows.length).toBeGreaterThan(2);
  expect(new Set(rows.map(({ origin }) => origin))).toEqual(
    new Set(['augmentation/swap', 'augmentation/typos']),
  );
  expect(rows.every(({ proposed }) => proposed === undefined)).toBe(true);
  expect(JSON.stringify(rows)).toContain('In the nest.');
  await expect(run('--task', 'change', ...data)).rejects.toMatchObject({ code: 'output_file_used' });
});

it('lets a service answer, with the key of the environment', async () => {
  const { address, asked } = await chatServer((response) => whole(response, 'Because.'));
  const questions = ['--questions', join(root, 'questions.txt')];
  const told = await run('--task', 'answers', ...questions, ...service(address), '--max_new_tokens', '9');
  expect((await written()).map(({ value }) => value)).toEqual([
    { instruction: 'Why?', output: 'Because.' },
    { instruction: 'When?', output: 'Because.' },
  ]);
  expect(asked.map(({ headers, body }) => [headers.authorization, body.max_tokens])).toEqual(
    Array(2).fill([`Bearer ${KEY}`, 9]),
  );
  expect(told).toContain('22 tokens read, 14 written');
  expect(told).not.toContain(KEY);
});

it('asks about texts of the data, and keeps what arrived before a failure', async () => {
  const { address, asked } = await chatServer((response, _, number) => {
    if (number === 1) whole(response, '[{"question":"Who sings?","answer":"A bird."}]');
    else refuse(response, 401, 'No more');
  });
  const pairs = ['--task', 'pairs', ...service(address)];
  await run(...pairs, '--data', join(root, 'rows.jsonl'));
  expect(await written()).toMatchObject([{ value: { instruction: 'Who sings?', output: 'A bird.' } }]);
  const [message] = asked[0]!.body.messages as readonly { readonly content: string }[];
  expect(message?.content).toContain('A bird sings in its nest.');
  await rm(join(root, 'more.jsonl'));
  await expect(run(...pairs, '--document', join(root, 'questions.txt'))).rejects.toMatchObject({
    code: 'writer_key_refused',
  });
  expect(await readdir(root)).not.toContain('more.jsonl');
});

it('tells rows that can not be read, and that there are no new ones', async () => {
  const data = join(root, 'faulty.jsonl');
  const output = ['--output', join(root, 'more.jsonl'), '--overwrite'];
  await writeFile(data, '{"text":"A bird."}\n{"instruction":\n');
  let told = '';
  const write = (text: string) => (told += text);
  const args = parseArguments(writeCommand, ['--task', 'change', '--data', data, ...output]);
  const running = writeCommand.run(args, createOutput(false, { out: { write }, error: { write } }));
  await expect(running).rejects.toMatchObject({ code: 'writing_nothing' });
  expect(told).toContain('faulty.jsonl');
});

it.each([
  ['argument_choice', ['--task', 'sing']],
  ['argument_choice', ['--task', 'change', '--data', 'rows.jsonl', '--ways', 'typo']],
  ['argument_missing', ['--task', 'change']],
  ['argument_number', ['--task', 'answers', '--rows', '0']],
  ['argument_missing', ['--task', 'answers']],
  ['argument_missing', ['--task', 'answers', '--questions', 'questions.txt']],
  [
    'key_variable_empty',
    [
      '--task',
      'answers',
      '--questions',
      'questions.txt',
      ...service('localhost').slice(0, 4),
      '--key_variable',
      'NO_KEY',
    ],
  ],
  ['data_file_missing', ['--task', 'answers', '--questions', 'none.txt']],
])('refuses with %s what it can not use', async (code, args) => {
  const here = args.map((each) => (/\.(?:txt|jsonl)$/.test(each) ? join(root, each) : each));
  await expect(run(...here)).rejects.toMatchObject({ code });
});
