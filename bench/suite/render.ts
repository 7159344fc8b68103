import { improvement, type Earlier } from './compare';
import { digits, percent, quantity, spreadOf, table } from './format';
import type { Judgement } from './targets';
import { GROUPS, OWN_NAME, type Group, type Report, type Result } from './results';

const TITLES: Readonly<Record<Group, string>> = {
  limits: 'Limits of the device',
  products: 'Matrix products (of the limit by multiply-adds)',
  ops: 'Ops, forward and backward (of the limit that binds them: multiply-adds or the copy’s bandwidth)',
  memory: 'Memory of a training step by the plan, the base in NF4 included',
  steps: 'Training steps (of the limit by multiply-adds)',
  decoding: 'Decoding (of the limit by bandwidth)',
  opening: 'Opening',
  peers: 'Peers, the same computation in turns',
};

/** A report as text, with the changes since an earlier one. */
export function render(report: Report, judgements: readonly Judgement[], earlier: Earlier): string {
  const { device, kind, features, runtime, date, version, results, omitted } = report;
  const { f16, subgroups, matrix, timestamps } = features;
  const sizes =
    subgroups && (subgroups.min === subgroups.max ? subgroups.min : `${subgroups.min} to ${subgroups.max}`);
  const lines = [
    `${runtime} · ${device}${kind === 'software' ? ' (a software adapter)' : ''}`,
    [
      `f16 ${f16 ? 'yes' : 'no'}`,
      `subgroups ${sizes ? `of ${sizes}` : 'no'}`,
      `subgroup matrices ${matrix ? `${matrix.M} × ${matrix.N} × ${matrix.K}` : 'no'}`,
      `timed by ${timestamps ? 'the device’s timestamps, whole steps and peers by the clock' : 'the clock'}`,
    ].join(' · '),
    `${date} · ${version}`,
    'Medians, ± half the range of the samples' +
      (earlier.size > 0 ? '; × is how much better than the earlier run' : ''),
  ];
  for (const group of GROUPS) {
    const own = results.filter((result) => result.group === group);
    if (own.length === 0) continue;
    lines.push('', TITLES[group], '─'.repeat(TITLES[group].length));
    lines.push(SECTIONS[group](own, earlier));
  }
  if (omitted.length > 0) lines.push('', 'Left out', '────────', ...omitted);
  lines.push('', 'To reach', '────────', renderTargets(judgements));
  return lines.join('\n');
}

type Section = (results: readonly Result[], earlier: Earlier) => string;

const SECTIONS: Readonly<Record<Group, Section>> = {
  limits: flat,
  products: (results, earlier) => pivots(results, earlier, 'rows'),
  ops: (results, earlier) => pivots(results, earlier, 'tokens'),
  memory: renderMemory,
  steps: renderSteps,
  decoding: (results, earlier) => pivots(results, earlier, 'tokens before'),
  opening: (results, earlier) => pivots(results, earlier, 'tokens'),
  peers: renderPeers,
};

function flat(results: readonly Result[], earlier: Earlier): string {
  return table(
    results.map((result) => [
      result.name,
      quantity(result.median, result.unit),
      spreadOf(result),
      change(result, earlier),
      result.note ?? '',
    ]),
    [0, 4],
  );
}

function change(result: Result, earlier: Earlier): string {
  const ratio = improvement(result, earlier);
  return ratio === undefined ? '' : `×${ratio.toFixed(2)}`;
}

/** One table for each model: a line for each name, a column for each length. */
function pivots(results: readonly Result[], earlier: Earlier, unit: string): string {
  const models = [...new Set(results.map(({ model }) => model))];
  return models
    .map((model) => {
      const own = results.filter((result) => result.model === model);
      const lengths = [...new Set(own.map(({ tokens = 0 }) => tokens))].sort((a, b) => a - b);
      const names = [...new Set(own.map(({ name }) => name))];
      const title = model === 'any' ? '' : (model ?? '');
      return table([
        [title, ...lengths.flatMap((tokens) => [`${tokens} ${unit}`, '', ''])],
        ...names.map((name) => [
          `  ${name}`,
          ...lengths.flatMap((tokens) => {
            const found = own.find((result) => result.name === name && result.tokens === tokens);
            return found ? figure(found, earlier) : ['', '', ''];
          }),
        ]),
      ]);
    })
    .join('\n');
}

/**
 * The cells of a figure: the value, the spread of its samples, and its share of the limit; the last with the change, if
 * any.
 */
function figure(result: Result, earlier: Earlier): string[] {
  const part = result.fraction === undefined ? '' : percent(result.fraction);
  const changed = change(result, earlier);
  return [quantity(result.median, result.unit), spreadOf(result), [part, changed].filter(Boolean).join(' ')];
}

function renderMemory(results: readonly Result[], earlier: Earlier): string {
  return pivots(
    results.map((result) => ({ ...result, model: '', name: result.model ?? '' })),
    earlier,
    'tokens',
  );
}

function renderSteps(results: readonly Result[], earlier: Earlier): string {
  const isShare = ({ name }: Result): boolean => name.startsWith('time in ');
  const models = [...new Set(results.map(({ model }) => model))];
  return models
    .map((model) => {
      const own = results.filter((result) => result.model === model);
      const note = own.find((result) => result.note !== undefined)?.note;
      const named = own.map((result) => ({ ...result, model: note ? `${model ?? ''}, ${note}` : model }));
      const shares = named.filter(isShare).filter(({ median }) => median >= 0.005);
      return pivots([...named.filter((result) => !isShare(result)), ...shares], earlier, 'tokens');
    })
    .join('\n');
}

function renderPeers(results: readonly Result[], earlier: Earlier): string {
  const peers = [...new Set(results.map(({ model = '' }) => model))];
  const names = [...new Set(results.map(({ name }) => name))];
  return table([
    ['', ...peers.flatMap((peer) => [peer, '', peer === OWN_NAME ? '' : 'takes'])],
    ...names.map((name) => {
      const own = results.find((result) => result.name === name && result.model === OWN_NAME);
      return [
        `  ${name}`,
        ...peers.flatMap((peer) => {
          const found = results.find((result) => result.name === name && result.model === peer);
          if (!found) return ['–', '', ''];
          const ratio =
            own && peer !== OWN_NAME ? `${digits(found.median / own.median)} ×` : change(found, earlier);
          return [quantity(found.median, found.unit), spreadOf(found), ratio];
        }),
      ];
    }),
  ]);
}

function renderTargets(judgements: readonly Judgement[]): string {
  const amount = (value: number, unit: Judgement['unit']): string =>
    unit === 'times' ? `${digits(value)} ×` : quantity(value, unit);
  return table(
    [
      ['', 'target', 'here', '', ''],
      ...judgements.map(({ what, unit, better, goal, value, reached, remark }) => [
        what,
        goal === undefined ? '–' : `${better === 'more' ? '≥' : '≤'} ${amount(goal, unit)}`,
        value === undefined ? '–' : amount(value, unit),
        reached === undefined ? '' : reached ? 'reached' : 'missed',
        remark,
      ]),
    ],
    [0, 4],
  );
}
