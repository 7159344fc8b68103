import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { jinjaTemplate } from '../../../src/data/template';

interface Snippet {
  readonly source: string;
  readonly text?: string;
  readonly error?: string;
}

/** What tests/templates/make_fixtures.py had from Jinja as transformers sets it up. */
const { values, now, snippets } = JSON.parse(
  readFileSync(new URL('../../templates/fixtures/snippets.json', import.meta.url), 'utf8'),
) as { values: Record<string, unknown>; now: number[]; snippets: readonly Snippet[] };
const [year = 0, month = 0, ...rest] = now;

describe('Jinja', () => {
  it.each(snippets)('renders $source as in Python', ({ source, text, error }) => {
    const render = () =>
      jinjaTemplate(source, {
        specialTokens: {},
        variables: values,
        now: new Date(year, month - 1, ...rest),
      }).render([]);
    if (error === undefined) expect(render()).toBe(text);
    else expect(render).toThrow(/^The model's chat template/);
  });

  it.each([
    [
      '{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}',
      /does not come to an end/,
    ],
    ['{{ range(1000000) }}', /longer than/],
    ["{{ 'x' * 1000000000 }}", /too long/],
    [
      '{% set ns = namespace(x=[1]) %}{% for i in range(40) %}{% set ns.x = ns.x + ns.x %}{% endfor %}',
      /list would become too long/,
    ],
    ['{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}', /too deep/],
    ['{{ (items | map("upper")) ~ "" }}', /generator can't be written/],
    ['{{ 2 ** 80 }}', /beyond 2\^53/],
    ['{{ items | escape }}', /filter "escape" is not supported/],
    ['{% for x in [] recursive %}{% endfor %}', /recursive loops are not supported/],
    ['('.repeat(100_000).padStart(100_003, '{{ '), /too deep|no end/],
  ])('refuses %j', (source, message) => {
    expect(() => jinjaTemplate(source, { specialTokens: {}, variables: values }).render([])).toThrow(message);
  });
});
