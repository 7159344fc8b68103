import type { EngineEntry } from '../../entry';
import { exports } from './exports';
import { hub } from './hub';
import { progress } from './progress';
import { storage } from './storage';
import { settingsFile } from './settings_file';

/** What the engine tells that is no error: progress, notes, reasons, clauses. Codes are unique, among errors too. */
export const engine = {
  ...exports,
  ...hub,
  ...progress,
  ...storage,
  ...settingsFile,
} as const satisfies Readonly<Record<string, EngineEntry>>;
