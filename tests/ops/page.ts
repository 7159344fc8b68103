import { listCases, runCase, type CaseName } from './run';

/** The result of one case: no failures if it passes. */
interface CaseResult extends CaseName {
  readonly failures: readonly string[];
}

/** The JSON that the page gives: the device, and what each case found. */
export interface Results {
  readonly device: Readonly<Record<string, string>>;
  readonly features: readonly string[];
  readonly userAgent: string;
  readonly passed: number;
  readonly failed: number;
  readonly cases: readonly CaseResult[];
}

declare global {
  interface Window {
    /** The suite of tests calls this. */
    runCase: typeof runCase;
    /** Set when all the cases that the address names have run. */
    results?: Results;
  }
}

const element = (id: string): HTMLElement => document.getElementById(id)!;

/** The cases that an address names: none if it names no op. */
function chosenCases(query: URLSearchParams): CaseName[] {
  const op = query.get('op');
  const name = query.get('case');
  if (op === null) return [];
  return listCases().filter(
    (each) => (op === 'all' || each.op === op) && (name === null || each.name === name),
  );
}

async function describeDevice(): Promise<Pick<Results, 'device' | 'features' | 'userAgent'>> {
  const adapter = await navigator.gpu.requestAdapter();
  const { vendor = '', architecture = '', device = '', description = '' } = adapter?.info ?? {};
  return {
    device: { vendor, architecture, device, description },
    features: adapter ? [...adapter.features].sort() : [],
    userAgent: navigator.userAgent,
  };
}

async function runChosen(cases: readonly CaseName[], plain: boolean): Promise<void> {
  const results: CaseResult[] = [];
  for (const { op, name } of cases) {
    element('progress').textContent = `${results.length + 1} of ${cases.length}: ${op}: ${name}`;
    const failures = await runCase(op, name, { plain }).catch((error: unknown) => [String(error)]);
    results.push({ op, name, failures });
    if (failures.length > 0) {
      const item = document.createElement('li');
      item.className = 'failed';
      item.append(`${op}: ${name}`, document.createElement('pre'));
      item.lastElementChild!.textContent = failures.join('\n');
      element('failures').append(item);
    }
  }
  const failed = results.filter(({ failures }) => failures.length > 0).length;
  const passed = results.length - failed;
  element('progress').textContent = `${passed} passed, ${failed} failed`;
  window.results = { ...(await describeDevice()), passed, failed, cases: results };
  const link = element('save') as HTMLAnchorElement;
  link.href = URL.createObjectURL(
    new Blob([JSON.stringify(window.results, null, 2)], { type: 'application/json' }),
  );
  link.hidden = false;
}

function showLinks(): void {
  const ops = ['all', ...new Set(listCases().map(({ op }) => op))];
  for (const op of new Set(ops)) {
    const link = document.createElement('a');
    link.href = `?op=${op}`;
    link.textContent = op;
    element('links').append(link, ' ');
  }
}

window.runCase = runCase;
showLinks();
const query = new URLSearchParams(location.search);
if (query.has('op')) {
  const chosen = chosenCases(query);
  if (chosen.length > 0) void runChosen(chosen, query.has('plain'));
  else element('progress').textContent = 'No case has this op and name.';
}
