import { streamOf, uniform } from '../../src/core/random';

/** The faults of a server's answers to requests for files. */
export const FAULT_KINDS = [
  'too_many_requests', // 429 with Retry-After in seconds
  'too_many_requests_until', // 429 with Retry-After as a date
  'unavailable', // 503
  'broken', // 500
  'cut', // the connection ends in the middle of the body
  'short', // the body ends early as if it were whole
  'long', // the body goes on after its end
  'wrong_bytes', // one bit is another
  'wrong_range', // 206 with another range than was asked for
  'wrong_length', // 206 that says the file were longer than it is
  'ignored_range', // 200 with the whole file
  'stall', // the body stops, and the connection stays open
  'slow', // the body comes in drops
  'other_etag', // another ETag than the time before
  'other_commit', // X-Repo-Commit of another commit
  'expired', // 403 of the host that has the large files: the signed address is too old
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface Fault {
  readonly kind: FaultKind;
  /** In [0, 1): where in the body, which bit. */
  readonly where: number;
}

/** Says what becomes of the n-th request (from 0) for a file. */
export type Faults = (path: string, request: number) => Fault | undefined;

/**
 * Faults drawn from a seed: the same requests meet the same ones.
 *
 * @param share of requests that fail, 0 to 1
 * @param most faults a file meets at most
 */
export function seededFaults(
  seed: number,
  share: number,
  most = Infinity,
  kinds: readonly FaultKind[] = FAULT_KINDS,
): Faults {
  const met = new Map<string, number>();
  return (path, request) => {
    const stream = streamOf(path);
    const count = met.get(path) ?? 0;
    if (count >= most || uniform(seed, stream, 3 * request) >= share) return undefined;
    met.set(path, count + 1);
    const kind = kinds[Math.floor(uniform(seed, stream, 3 * request + 1) * kinds.length)]!;
    return { kind, where: uniform(seed, stream, 3 * request + 2) };
  };
}

/** One kind of fault, for the first requests for one file, or for all of them. */
export function faultOf(kind: FaultKind, file: string, requests = 1, where = 0.5): Faults {
  return (path, request) => (path === file && request < requests ? { kind, where } : undefined);
}
