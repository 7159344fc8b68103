import type { EngineEntry } from '../../entry';
import { hub } from './hub';
import { progress } from './progress';
import { storage } from './storage';

/** What the engine tells that is no error: progress, notes, reasons, clauses. Codes are unique, among errors too. */
export const engine = {
  ...hub,
  ...progress,
  ...storage,
} as const satisfies Readonly<Record<string, EngineEntry>>;
