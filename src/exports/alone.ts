import type { AloneFile, ExportPlan } from './format';

/**
 * The plan of only the file that works without the others; its check and all else stay. The plan itself if no file does.
 */
export function planAlone<Plan extends ExportPlan>(plan: Plan): Plan {
  const { alone } = plan;
  return alone ? { ...plan, files: plan.files.filter(({ name }) => name === alone.name) } : plan;
}

/** The file that works without the others, with its size. */
export type SizedFile = AloneFile & { readonly bytes: number };

/** Undefined if no file does. */
export function aloneOf({ alone, files }: ExportPlan): SizedFile | undefined {
  const file = files.find(({ name }) => name === alone?.name);
  return alone && file && { ...alone, bytes: file.size };
}
