import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Asked {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Record<string, unknown>;
}

/** How a server answers its n-th request. */
export type Answers = (response: ServerResponse, asked: Asked, number: number) => void;

/** A server in OpenAI's form, which ends with the test. */
export async function chatServer(answers: Answers): Promise<{ address: string; asked: Asked[] }> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (piece: Buffer) => (text += piece.toString()));
    request.on('end', () => {
      const { url = '', headers } = request;
      const one = { path: url, headers, body: JSON.parse(text) as Asked['body'] };
      answers(response, one, asked.push(one));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, asked };
}

/** A whole answer as one object. */
export function whole(response: ServerResponse, content: string, finish = 'stop'): void {
  const usage = { prompt_tokens: 11, completion_tokens: 7 };
  const body = { choices: [{ message: { role: 'assistant', content }, finish_reason: finish }], usage };
  response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}

/** The beginning of a stream of events. */
export function begin(response: ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' });
}

export function event(content: string, finish: string | null = null): string {
  return `data: ${JSON.stringify({ choices: [{ delta: { content }, finish_reason: finish }] })}\n\n`;
}

export function refuse(response: ServerResponse, status: number, message: string, more = {}): void {
  response.writeHead(status, { 'Content-Type': 'application/json', ...more });
  response.end(JSON.stringify({ error: { message } }));
}
