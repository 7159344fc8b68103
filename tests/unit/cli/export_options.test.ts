import { describe, expect, it } from 'vitest';
import { parseArguments } from '../../../src/cli/arguments';
import { exportCommand } from '../../../src/cli/export';
import { givenOptions } from '../../../src/cli/export_options';
import { exportFormat } from '../../../src/exports/formats';

const given = (format: string, ...argv: string[]) =>
  givenOptions(
    parseArguments(exportCommand, ['--format', format, '--model', 'b', '--output', 'out', ...argv]),
    exportFormat(format),
  );

const adapter = ['--adapter', 'a'];

describe('the options of an export', () => {
  it('are those of its format', () => {
    const options = { quantization: 'Q6_K', export_base: 'original' };
    const argv = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
    expect(given('gguf', ...adapter, ...argv, '--original_model', 'm')).toEqual(options);
  });

  it('are refused if only other formats have them, which are named', () => {
    expect(() => given('merged', ...adapter, '--quantization', 'q4')).toThrow(
      expect.objectContaining({
        code: 'argument_of_other_format',
        values: { option: 'quantization', format: 'merged', owners: ['gguf', 'onnx'] },
      }),
    );
    expect(() => given('peft', ...adapter, '--seed', '1')).toThrow(
      expect.objectContaining({
        code: 'argument_of_other_format',
        values: { option: 'seed', format: 'peft', owners: ['cluster'] },
      }),
    );
  });

  it('are refused without what the format needs', () => {
    for (const [format, option] of [
      ['gguf', 'adapter'],
      ['cluster', 'data'],
    ] as const) {
      expect(() => given(format)).toThrow(
        expect.objectContaining({
          code: 'argument_missing',
          values: expect.objectContaining({ option }) as object,
        }),
      );
    }
  });

  it.each([
    ['gguf', []],
    ['gguf', ['--export_base', 'trained']],
    ['peft', []],
  ])('as %s with %j are refused if the original model changes nothing', (format, argv) => {
    expect(() => given(format, ...adapter, ...argv, '--original_model', 'm')).toThrow(
      expect.objectContaining({ code: 'export_original_unused' }),
    );
  });
});
