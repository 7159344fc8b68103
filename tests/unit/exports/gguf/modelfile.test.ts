import { describe, expect, it } from 'vitest';
import { jinjaTemplate } from '../../../../src/data/template';
import { modelfile } from '../../../../src/exports/gguf/modelfile';

const TURNS = "{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}</s>{% endfor %}";
const PROMPT = '{% if add_generation_prompt %}<assistant>{% endif %}';

function made(source: string) {
  const templateOn = (now: Date) => jinjaTemplate(source, { specialTokens: {}, now });
  return modelfile('a.gguf', { templateOn, bos: '', stops: ['</s>'] }, { temperature: 0.6 });
}

describe('the Modelfile', () => {
  it('has the template, the ends of an answer and the sampling', () => {
    const { content, notes } = made(TURNS + PROMPT);
    expect(content).toMatch(/^FROM \.\/a\.gguf\nTEMPLATE """[^]*<assistant>[^]*"""\n/);
    expect(content).toMatch(/\nPARAMETER stop "<\/s>"\nPARAMETER temperature 0\.6\n$/);
    expect(notes).toEqual([]);
  });

  it('has the date of the examples on every day, and the person is told', () => {
    const { content, notes } = made(`{{ strftime_now('%d %b %Y') }}${TURNS}${PROMPT}`);
    expect(content).toContain('26 Jul 2024');
    expect(notes).toEqual([{ code: 'modelfile_dated' }]);
  });

  it('has no template if Ollama can’t express it, and the person is told', () => {
    const { content, notes } = made(`{% for m in messages %}{{ loop.index }}{{ m['content'] }}{% endfor %}`);
    expect(content).not.toContain('TEMPLATE');
    expect(notes).toEqual([{ code: 'modelfile_without_template' }]);
  });
});
