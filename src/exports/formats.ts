import { TunesmithError } from '../core/errors';
import { clusterExport } from './cluster/cluster';
import type { ExamplesFormat, ExportFormat } from './format';
import { ggufExport } from './gguf/gguf';
import { ggufLoraExport } from './gguf/lora';
import { mergedExport } from './merged/merged';
import { onnxExport } from './onnx/onnx';
import { peftExport } from './peft/peft';

/** All export formats, the usual one first. */
export const EXPORT_FORMATS: readonly (ExportFormat | ExamplesFormat)[] = [
  peftExport,
  mergedExport,
  ggufExport,
  ggufLoraExport,
  onnxExport,
  clusterExport,
];

/** Throws `export_format`. */
export function exportFormat(name: string): ExportFormat | ExamplesFormat {
  const found = EXPORT_FORMATS.find((format) => format.name === name);
  if (found) return found;
  const names = EXPORT_FORMATS.map((format) => format.name);
  throw new TunesmithError({ code: 'export_format', values: { name, names } });
}
