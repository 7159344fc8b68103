import type { EngineEntry } from '../../entry';
import { cli } from './cli';
import { clusterMessages } from './cluster';
import { coreMessages } from './core';
import { dataMessages } from './data';
import { exportChecks } from './export_checks';
import { exportFormats } from './export_formats';
import { exports } from './exports';
import { fitMessages } from './fit';
import { formatMessages } from './formats';
import { ggufExports } from './gguf_exports';
import { gpuMessages } from './gpu';
import { hub } from './hub';
import { jinjaMessages } from './jinja';
import { jsonMessages } from './json';
import { modelMessages } from './models';
import { onnx } from './onnx';
import { progress } from './progress';
import { session } from './session';
import { settingMessages } from './settings';
import { settingsFile } from './settings_file';
import { sizeAdvice } from './size_advice';
import { storage } from './storage';
import { tokenizerMessages } from './tokenizer';
import { trainMessages } from './train';
import { writingMessages } from './writing';

/** Messages of the engine that are not errors: progress, notes, reasons, clauses. No code is used twice, nor as an error's. */
export const engine = {
  ...cli,
  ...clusterMessages,
  ...coreMessages,
  ...dataMessages,
  ...exportChecks,
  ...exportFormats,
  ...exports,
  ...fitMessages,
  ...formatMessages,
  ...ggufExports,
  ...gpuMessages,
  ...hub,
  ...jinjaMessages,
  ...jsonMessages,
  ...modelMessages,
  ...onnx,
  ...progress,
  ...session,
  ...settingMessages,
  ...settingsFile,
  ...sizeAdvice,
  ...storage,
  ...tokenizerMessages,
  ...trainMessages,
  ...writingMessages,
} as const satisfies Readonly<Record<string, EngineEntry>>;
