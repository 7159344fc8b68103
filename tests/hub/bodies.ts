import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import type { Fault } from './faults';
import type { ServedFile } from './models';

/** Answers a request for a file, or a range of it, as the fault has it. */
export function sendFile(
  file: ServedFile,
  commit: string,
  request: IncomingMessage,
  response: ServerResponse,
  fault: Fault | undefined,
  bytesPerSecond: number | undefined,
): void {
  const refusal = fault && refusalOf(fault);
  if (refusal) {
    response.writeHead(refusal.status, { 'Retry-After': refusal.retryAfter ?? [] }).end('Not now.');
    return;
  }
  const size = file.bytes.length;
  const asked = fault?.kind === 'ignored_range' ? undefined : rangeOf(request.headers.range, size);
  if (asked === 'unsatisfiable') {
    response.writeHead(416, { 'Content-Range': `bytes */${size}` }).end();
    return;
  }
  let [begin, end] = asked ?? [0, size];
  if (fault?.kind === 'wrong_range') [begin, end] = begin > 0 ? [begin - 1, end - 1] : [1, size];
  const body = bodyOf(file.bytes.subarray(begin, end), fault);
  const told = fault?.kind === 'wrong_length' ? size + 7 : size;
  response.setHeader('Accept-Ranges', 'bytes');
  response.setHeader('ETag', `"${fault?.kind === 'other_etag' ? 'another' : file.gitId}"`);
  response.setHeader('X-Repo-Commit', fault?.kind === 'other_commit' ? '0'.repeat(40) : commit);
  if (asked) response.setHeader('Content-Range', `bytes ${begin}-${end - 1}/${told}`);
  // A body of another length than was told can only go without a length; a cut or stalled one must tell the true one.
  if (fault?.kind !== 'short' && fault?.kind !== 'long') response.setHeader('Content-Length', body.length);
  response.writeHead(asked ? 206 : 200);
  if (request.method === 'HEAD') response.end();
  // A client that goes away ends it.
  else sendBody(body, response, fault, bytesPerSecond).catch(() => response.destroy());
}

function refusalOf({ kind }: Fault): { status: number; retryAfter?: string } | undefined {
  switch (kind) {
    case 'too_many_requests':
      return { status: 429, retryAfter: '2' };
    case 'too_many_requests_until':
      return { status: 429, retryAfter: new Date(Date.now() + 2000).toUTCString() };
    case 'unavailable':
      return { status: 503 };
    case 'broken':
      return { status: 500 };
    case 'expired':
      return { status: 403 };
    default:
      return undefined;
  }
}

function bodyOf(bytes: Buffer, fault: Fault | undefined): Buffer {
  if (fault === undefined || bytes.length === 0) return bytes;
  const at = Math.floor(fault.where * bytes.length);
  if (fault.kind === 'short') return bytes.subarray(0, at);
  if (fault.kind === 'long') return Buffer.concat([bytes, bytes.subarray(0, at + 1)]);
  if (fault.kind !== 'wrong_bytes') return bytes;
  const wrong = Buffer.from(bytes);
  wrong[at]! ^= 1 << Math.floor(fault.where * 8);
  return wrong;
}

async function sendBody(
  body: Buffer,
  response: ServerResponse,
  fault: Fault | undefined,
  bytesPerSecond: number | undefined,
): Promise<void> {
  const stopsAt =
    fault?.kind === 'cut' || fault?.kind === 'stall' ? Math.floor(fault.where * body.length) : undefined;
  const drops = fault?.kind === 'slow' ? 5 : 1;
  const part = bytesPerSecond ? Math.max(1, Math.ceil(bytesPerSecond / 20)) : Math.ceil(body.length / drops);
  const limit = stopsAt ?? body.length;
  for (let at = 0; at < limit && !response.destroyed; at += part) {
    if (at > 0) await wait(bytesPerSecond ? 50 : 2);
    await new Promise<void>((resolve) =>
      response.write(body.subarray(at, Math.min(limit, at + part)), () => resolve()),
    );
  }
  if (fault?.kind === 'stall') return;
  if (fault?.kind === 'cut') response.destroy();
  else response.end();
}

function rangeOf(header: string | undefined, size: number): [number, number] | 'unsatisfiable' | undefined {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(header ?? '') ?? [];
  if (first === undefined) return undefined;
  const begin = Number(first);
  if (begin >= size) return 'unsatisfiable';
  return [begin, last ? Math.min(size, Number(last) + 1) : size];
}
