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

/** Sends a request to serve.py, which imports PyTorch once for all tests of a file. */
export function usePython(): (check: string, request: object) => Promise<Answer> {
  const interpreter = process.env['TUNESMITH_PYTHON'] ?? 'python3';
  let child: ChildProcess | undefined;
  const waiting: { resolve: (answer: string) => void; reject: (error: Error) => void }[] = [];
  const start = (): ChildProcess => {
    const script = fileURLToPath(new URL('serve.py', import.meta.url));
    const started = spawn(interpreter, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
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
  return async (check, request) => {
    child ??= start();
    const { stdin } = child;
    const line = await new Promise<string>((resolve, reject) => {
      waiting.push({ resolve, reject });
      stdin?.write(`${JSON.stringify({ check, ...request })}\n`);
    });
    const answer = JSON.parse(line) as Answer & { readonly failed?: string };
    if (answer.failed !== undefined) throw new Error(answer.failed);
    return answer;
  };
}
