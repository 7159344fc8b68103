import type { EngineEntry } from '../../entry';
import { progress } from './progress';
import { storage } from './storage';

/** What the engine tells that is no error: progress, notes, reasons, clauses. Codes are unique, among errors too. */
export const engine = {
  ...progress,
  ...storage,
} as const satisfies Readonly<Record<string, EngineEntry>>;
