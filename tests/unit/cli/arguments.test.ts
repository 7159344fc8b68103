import { describe, expect, it } from 'vitest';
import { parseArguments, type Arguments, type ArgumentsSpec } from '../../../src/cli/arguments';
import { SETTING_NAMES } from '../../../src/core/settings/settings';
import { told } from '../told';

const spec: ArgumentsSpec = {
  name: 'train',
  options: {
    model: { value: 'DIR', kind: 'text', required: true, help: '' },
    data: { value: 'FILE…', kind: 'list', help: '' },
    json: { value: '', kind: 'flag', help: '' },
  },
  settings: SETTING_NAMES,
};

function parse(line: string): Arguments {
  return parseArguments(spec, line.split(' '));
}

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    const { message, hint } = told(error);
    return `${message} ${hint}`;
  }
  throw new Error('nothing was refused');
}

describe('the arguments of a command', () => {
  it('are options and settings, after a space or an equals sign', () => {
    const args = parse('--model base --learning_rate 2e-4 --r=8 --target_modules q_proj,v_proj');
    expect(args.required('model')).toBe('base');
    expect(args.settings).toEqual({ learning_rate: 2e-4, r: 8, target_modules: ['q_proj', 'v_proj'] });
  });

  it('hold no setting that was not given', () => {
    expect(parse('--model base').settings).toEqual({});
  });

  it('take a list from one option or from several', () => {
    expect(parse('--data a b --model m --data c').list('data')).toEqual(['a', 'b', 'c']);
    expect(parse('--model m').list('data')).toEqual([]);
  });

  it('take a negative number as a value', () => {
    expect(parse('--model m --max_steps -1').settings).toEqual({ max_steps: -1 });
  });

  it('take a setting that stands alone as true', () => {
    expect(parse('--model m --use_rslora --shuffle false --gradient_checkpointing').settings).toEqual({
      use_rslora: true,
      shuffle: false,
      gradient_checkpointing: true,
    });
  });

  it('take flags alone or with a value', () => {
    expect(parse('--model m').flag('json')).toBe(false);
    expect(parse('--model m --json').flag('json')).toBe(true);
    expect(parse('--model m --json=false').flag('json')).toBe(false);
    expect(parse('--json false --model m').flag('json')).toBe(false);
    expect(parse('--json true --model m').flag('json')).toBe(true);
    expect(parse('--data a --json --model m').flag('json')).toBe(true);
  });

  it('let the last one hold', () => {
    const args = parse('--model a --seed 1 --model b --seed 2');
    expect([args.text('model'), args.settings.seed]).toEqual(['b', 2]);
  });

  it('ask for nothing where they ask for help', () => {
    expect(parse('--help').flag('help')).toBe(true);
    expect(parse('-h').flag('help')).toBe(true);
  });

  it.each([
    ['--data f', ['--model DIR']],
    ['--model', ['--model']],
    ['--model --json', ['--model']],
    ['--model m --learning-rate 1', ['--learning-rate', '--learning_rate']],
    ['--model m --lerning_rate 1', ['--lerning_rate', '--learning_rate']],
    ['--model m --frobnicate', ['--frobnicate', 'train --help']],
    ['--model m -x', ['-x']],
    ['--model m stray', ['“stray”']],
    ['--model m --json stray', ['“stray”']],
    ['--model m --r 0', ['r ', '0']],
    ['--model m --r eight', ['r ', '“eight”']],
    ['--model m --seed --r 8', ['--seed']],
    ['--model m --shuffle maybe', ['shuffle', '“maybe”']],
    ['--model m --target_modules q_proj,q_proj', ['target_modules', 'q_proj']],
  ])('are refused by name: %s', (line, parts) => {
    const text = refusal(() => parse(line));
    for (const part of parts) expect(text).toContain(part);
    expect(text).not.toContain('\n');
  });

  it('are refused where a setting means nothing to the command', () => {
    const text = refusal(() => parseArguments({ ...spec, settings: ['seed'] }, ['--model', 'm', '--r', '8']));
    expect(text).toContain('--r does not apply to train');
  });

  it('are refused where a flag is neither true nor false', () => {
    expect(refusal(() => parse('--model m --json=yes').flag('json'))).toContain('not “yes”');
  });
});
