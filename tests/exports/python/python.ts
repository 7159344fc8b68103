import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';

/** The answer of one of Python’s checks: how far the program’s logits are from what they ought to be. */
export interface Answer {
  readonly difference: number;
  /** The difference that rounding explains. */
  readonly allowed: number;
  /** How far the adapter moves the logits. */
  readonly effect: number;
  /** The largest error of a stored weight, as a multiple of what its rounding explains. */
  readonly weights?: number;
}

/** Runs one of Python’s checks in serve.py, which imports PyTorch once for all tests of a file. */
export function usePython(): (check: string, request: object) => Promise<Answer> {
  const ask = useServer('serve.py');
  return async (check, request) => {
    const answer = (await ask({ check, ...request })) as Answer & { readonly failed?: string };
    if (answer.failed !== undefined) throw new Error(answer.failed);
    return answer;
  };
}

/**
 * Runs scripts of Python, each in a process of its own; run_scripts.py imports what they need once for all of them. A
 * script that fails rejects with what it said.
 */
export function useScripts(): (
  args: readonly string[],
  environment?: Readonly<Record<string, string>>,
) => Promise<string> {
  const ask = useServer('run_scripts.py');
  return async (args, environment = {}) => {
    const answer = await ask({ arguments: args, environment });
    const { code, output } = answer as { readonly code: number; readonly output: string };
    if (code !== 0) throw new Error(output);
    return output;
  };
}

/** A process that answers each line of JSON with one of its own, in their order. It starts with the first request. */
function useServer(script: string): (request: object) => Promise<unknown> {
  const interpreter = process.env['TUNESMITH_PYTHON'] ?? 'python3';
  let child: ChildProcess | undefined;
  const waiting: { resolve: (answer: string) => void; reject: (error: Error) => void }[] = [];
  const start = (): ChildProcess => {
    const path = fileURLToPath(new URL(script, import.meta.url));
    const env = { ...process.env, HF_HUB_OFFLINE: '1', CUDA_VISIBLE_DEVICES: '', OMP_NUM_THREADS: '1' };
    const started = spawn(interpreter, [path], { stdio: ['pipe', 'pipe', 'inherit'], env });
    createInterface({ input: started.stdout }).on('line', (line) => waiting.shift()?.resolve(line));
    const ended = (why: string) => () => {
      for (const { reject } of waiting.splice(0)) reject(new Error(`${interpreter} ${why}`));
    };
    started.on('error', ended('cannot be started')).on('close', ended('ended before it answered'));
    return started;
  };
  afterAll(() => {
    child?.stdin?.end();
  });
  return async (request) => {
    child ??= start();
    const { stdin } = child;
    const line = await new Promise<string>((resolve, reject) => {
      waiting.push({ resolve, reject });
      stdin?.write(`${JSON.stringify(request)}\n`);
    });
    return JSON.parse(line) as unknown;
  };
}
