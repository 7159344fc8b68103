import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { jinjaTemplate } from '../../../src/data/template';

interface Snippet {
  readonly source: string;
  readonly text?: string;
  readonly error?: string;
}

/** The values that tests/templates/make_fixtures.py had from Jinja as transformers sets it up. */
const { values, now, snippets } = JSON.parse(
  readFileSync(new URL('../../templates/fixtures/snippets.json', import.meta.url), 'utf8'),
) as { values: Record<string, unknown>; now: number[]; snippets: readonly Snippet[] };
const [year = 0, month = 0, ...rest] = now;

/** Lists of few items, and of 2^40 ways to their innermost. */
const SHARED =
  '{% set ns = namespace(x=[1], y=[1]) %}' +
  '{% for i in range(40) %}{% set ns.x = [ns.x, ns.x] %}{% set ns.y = [ns.y, ns.y] %}{% endfor %}';

/** A text of 2^40 characters. */
const DOUBLED =
  "{% set ns = namespace(x='x') %}{% for i in range(40) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}";

/** Two lists of 2000 lists within each other. */
const NESTED =
  '{% set ns = namespace(x=[1], y=[1]) %}' +
  '{% for i in range(2000) %}{% set ns.x = [ns.x] %}{% set ns.y = [ns.y] %}{% endfor %}{{ ns.x }}';

describe('Jinja', () => {
  it.each(snippets)('renders $source as in Python', ({ source, text, error }) => {
    const render = () =>
      jinjaTemplate(source, {
        specialTokens: {},
        variables: values,
        now: new Date(year, month - 1, ...rest),
      }).render([]);
    if (error === undefined) expect(render()).toBe(text);
    else expect(render).toThrow(/^The model’s chat template/);
  });

  it('knows no constants by the names that every object has', () => {
    expect(jinjaTemplate('{{ constructor }}', { specialTokens: {} }).render([])).toBe('');
  });

  it('reads long texts of digits in the time that they take to read', () => {
    const digits = '0'.repeat(200_000);
    const render = (source: string) => jinjaTemplate(source, { specialTokens: {} }).render([]);
    expect(render(`{{ '${digits}x' | int(7) }}`)).toBe('7');
    expect(() => render(`{{ '%${digits}' % 5 }}`)).toThrow(/is not supported/);
  });

  it.each([
    [
      '{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}',
      /does not come to an end/,
    ],
    [`${SHARED}{{ ns.x }}`, /does not come to an end/],
    [`${SHARED}{{ ns.x | tojson }}`, /does not come to an end/],
    [`${SHARED}{{ ns.x == ns.y }}`, /does not come to an end/],
    [`${SHARED}{{ ns.x < ns.y }}`, /does not come to an end/],
    ['{% for i in range(1000) %}{{ range(100000) | sum }}{% endfor %}', /does not come to an end/],
    ["{% for i in range(1000) %}{{ ('x' * 9000000) | upper | length }}{% endfor %}", /not come to an end/],
    ["{{ 'x'.center(500000000) }}", /does not come to an end/],
    [`${DOUBLED}{{ ns.x | length }}`, /would be longer|not come to an end/],
    [DOUBLED.replaceAll('~', '+'), /too long|not come to an end/],
    [
      `${DOUBLED.replaceAll('40', '20')}{% for i in range(100) %}{{ ns.x | length }}{% endfor %}`,
      /not come to an end/,
    ],
    [NESTED, /nested too deeply/],
    [NESTED.replace('{{ ns.x }}', '{{ ns.x | tojson }}'), /nested too deeply/],
    [NESTED.replace('{{ ns.x }}', '{{ ns.x == ns.y }}'), /nested too deeply/],
    [NESTED.replace('{{ ns.x }}', '{{ ns.x < ns.y }}'), /nested too deeply/],
    ['{{ range(1000000) }}', /range would be longer than 100,000/],
    ["{{ 'x' * 1000000000 }}", /text would be longer than 10,000,000/],
    [
      '{% set ns = namespace(x=[1]) %}{% for i in range(40) %}{% set ns.x = ns.x + ns.x %}{% endfor %}',
      /too long|not come to an end/,
    ],
    ['{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}', /too deep/],
    ['{{ (items | map("upper")) ~ "" }}', /type generator can’t be written as text/],
    ['{{ 2 ** 80 }}', /beyond 2\^53/],
    ['{{ items | pprint }}', /filter "pprint" is not supported/],
    ['{% for x in [] recursive %}{% endfor %}', /a recursive loop is not supported/],
    ['('.repeat(100_000).padStart(100_003, '{{ '), /too deep|no end/],
  ])('refuses %j', (source, message) => {
    const options = { specialTokens: {}, variables: values, maxSteps: 200_000 };
    expect(() => jinjaTemplate(source, options).render([])).toThrow(message);
  });
});
