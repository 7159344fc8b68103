import type { EngineEntry } from '../../entry';
import { hub } from './hub';
import { progress } from './progress';
import { storage } from './storage';
import { settingsFile } from './settings_file';

/** What the engine tells that is no error: progress, notes, reasons, clauses. Codes are unique, among errors too. */
export const engine = {
  ...hub,
  ...progress,
  ...storage,
  ...settingsFile,
} as const satisfies Readonly<Record<string, EngineEntry>>;
