import { isModelScope, normalizeEndpoint } from './endpoints';
import { TunesmithError } from './errors';
import { isAddress, isRepo } from './model_reference';

/** Rows of a data set of a hub, as people name them. */
export interface DatasetReference {
  /** owner/name */
  readonly repo: string;
  /** A branch, a tag or a commit. */
  readonly revision?: string;
  readonly config?: string;
  /** A split; if `config` is absent it may be the name of a configuration. */
  readonly split?: string;
  readonly slice?: Slice;
  /** The site, if the name was given as an address. */
  readonly endpoint?: string;
}

/** A part of a split, as the `datasets` library writes it: `[10:20]`, `[-500:]`, `[:10%]`. */
export interface Slice {
  readonly unit: 'rows' | 'percent';
  /** Counted from the end if it is negative; absent: the beginning. */
  readonly begin?: number;
  /** The first row behind the part, counted as `begin`; absent: the end. */
  readonly end?: number;
}

const SLICE = /^\[(?:(-?\d+)(%?))?:(?:(-?\d+)(%?))?\]$/;

/** Reads `[begin:end]`; undefined for anything else. */
export function parseSlice(text: string): Slice | undefined {
  const [whole, begin, beginUnit, end, endUnit] = SLICE.exec(text.replaceAll(/[\s_]/g, '')) ?? [];
  if (whole === undefined) return undefined;
  const units = new Set([beginUnit, endUnit].filter((_, at) => [begin, end][at] !== undefined));
  if (units.size > 1) return undefined;
  const unit = units.has('%') ? 'percent' : 'rows';
  const bounds = [begin, end].filter((bound) => bound !== undefined).map(Number);
  const most = unit === 'percent' ? 100 : Number.MAX_SAFE_INTEGER;
  if (bounds.some((bound) => Math.abs(bound) > most)) return undefined;
  return {
    unit,
    ...(begin !== undefined && { begin: Number(begin) }),
    ...(end !== undefined && { end: Number(end) }),
  };
}

/** The slice as text: empty for the whole split. */
export function sliceText(slice: Slice | undefined): string {
  if (!slice || (slice.begin === undefined && slice.end === undefined)) return '';
  const sign = slice.unit === 'percent' ? '%' : '';
  const bound = (value: number | undefined): string => (value === undefined ? '' : `${value}${sign}`);
  return `[${bound(slice.begin)}:${bound(slice.end)}]`;
}

/** Whether the rows of a slice depend on how many the split has. */
export function needsTotal({ unit, begin = 0, end = 0 }: Slice): boolean {
  return unit === 'percent' || begin < 0 || end < 0;
}

/**
 * The rows of a slice: from the first to before the second. Bounds beyond the rows are moved to the nearest, and
 * percentages are rounded to the nearest row, halves to the even one, as `datasets` does (ReadInstruction).
 *
 * @param total rows of the split; may be infinite for a slice that does not need it
 */
export function rowRange(slice: Slice, total: number): readonly [number, number] {
  const absolute = (bound: number | undefined, absent: number): number => {
    if (bound === undefined) return absent;
    const row = slice.unit === 'percent' ? roundedToEven((bound * total) / 100) : bound;
    return Math.min(total, row < 0 ? Math.max(0, total + row) : row);
  };
  const begin = absolute(slice.begin, 0);
  return [begin, Math.max(begin, absolute(slice.end, total))];
}

function roundedToEven(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

/**
 * Reads `owner/name[@revision][,configuration][,split][slice]` and the address of a data set's page. Undefined for
 * anything else.
 *
 * @throws TunesmithError `dataset_slice` for brackets that are no slice
 */
export function parseDatasetReference(text: string): DatasetReference | undefined {
  const typed = text.trim();
  if (isAddress(typed)) return fromAddress(typed);
  const [, names = '', brackets = ''] = /^([^[]*)(.*)$/s.exec(typed) ?? [];
  const [named = '', ...parts] = names.split(',').map((part) => part.trim());
  const [repo = '', revision, ...others] = named.split('@');
  if (!isRepo(repo) || others.length > 0 || revision === '') return undefined;
  if (parts.length > 2 || parts.includes('')) return undefined;
  const slice = brackets === '' ? undefined : requireSlice(brackets);
  const split = parts.at(-1);
  const config = parts.length === 2 ? parts[0] : undefined;
  return {
    repo,
    ...(revision !== undefined && { revision }),
    ...(config !== undefined && { config }),
    ...(split !== undefined && { split }),
    ...(slice && { slice }),
  };
}

/** @throws TunesmithError `dataset_slice` */
export function requireSlice(typed: string): Slice {
  const slice = parseSlice(typed.trim());
  if (slice) return slice;
  throw new TunesmithError({ code: 'dataset_slice', values: { typed } });
}

/** @throws TunesmithError `dataset_reference`, `dataset_slice` */
export function requireDatasetReference(text: string): DatasetReference {
  const reference = parseDatasetReference(text);
  if (reference) return reference;
  throw new TunesmithError({ code: 'dataset_reference', values: { typed: text } });
}

/** The reference as text, without the endpoint. */
export function datasetReferenceText({ repo, revision, config, split, slice }: DatasetReference): string {
  const named = revision === undefined ? repo : `${repo}@${revision}`;
  const names = [named, config, split].filter((part) => part !== undefined);
  return names.join(',') + sliceText(slice);
}

/** `/datasets/owner/name[/tree/revision]` or `/datasets/owner/name/viewer/configuration/split`. */
function fromAddress(address: string): DatasetReference | undefined {
  if (!URL.canParse(address)) return undefined;
  const url = new URL(address);
  const parts = url.pathname.split('/').filter((part) => part !== '');
  const [kind, owner = '', name = '', view, first, second] = parts.map(decoded);
  const repo = `${owner}/${name}`;
  if (kind !== 'datasets' || !isRepo(repo)) return undefined;
  const isViewer = view === 'viewer' && !isModelScope(url.origin);
  const isTree = (view === 'tree' || view === 'blob' || view === 'resolve') && first !== undefined;
  return {
    repo,
    endpoint: normalizeEndpoint(url.origin),
    ...(isTree && { revision: first }),
    ...(isViewer && first !== undefined && { config: first }),
    ...(isViewer && second !== undefined && { split: second }),
  };
}

/** A part of an address as text: as it stands if it is not well encoded. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Letters of a commit that a file name has. */
const COMMIT_LETTERS = 7;

/**
 * The name of a file with rows of a data set. It tells the rows' origin wherever the file goes: into a run, into the model
 * card, over a reload.
 */
export function datasetFileName(rows: {
  readonly repo: string;
  readonly commit: string;
  readonly config: string | undefined;
  readonly split: string;
  readonly slice: Slice | undefined;
}): string {
  const { repo, commit, config, split, slice } = rows;
  const name = `${repo.replace('/', '--')}@${commit.slice(0, COMMIT_LETTERS)}`;
  return `${name}.${splitInName(config, split)}${sliceText(slice)}.jsonl`;
}

/** A split with its configuration as the name of a file has them. */
export function splitInName(config: string | undefined, split: string): string {
  const parts = [config, split].filter((part) => part !== undefined);
  return parts.join('.').replaceAll(/[\\/]/g, '-');
}

const FILE_NAME = /^([^/\\]+?)--([^/\\]+?)@([0-9a-f]{7})\.(.+?)(?:\[[^\]]*\])?\.jsonl$/;

/** The data set and the split whose rows a file has, by its name, the split as from `splitInName`; undefined for any other file. */
export function datasetOfFile(
  name: string,
): { readonly repo: string; readonly commit: string; readonly split: string } | undefined {
  const [, owner = '', rest = '', commit = '', split = ''] = FILE_NAME.exec(name) ?? [];
  const repo = `${owner}/${rest}`;
  return isRepo(repo) ? { repo, commit, split } : undefined;
}
