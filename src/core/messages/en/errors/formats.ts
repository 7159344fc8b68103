interface Named {
  readonly file: string;
  readonly name: string;
}

const safetensors = (message: string) => ({
  message: `${message}.`,
  hint: 'The file is damaged, or its download was not complete. Download it again.',
});

const gguf = (message: string) => ({
  message: `${message}.`,
  hint: 'The file is damaged, its download was not complete, or its kind is not supported. Download it again.',
});

/** Errors of files of weights, of adapters’ settings and of checkpoints. */
export const formatErrors = {
  adapter_config: ({ file, fault }: { file: string; fault: string }) => ({
    message: `${file} ${fault}.`,
    hint: 'Use an adapter of plain LoRA, as PEFT saves it.',
  }),
  target_modules: ({ modules, names }: { modules: string; names: readonly string[] }) => ({
    message: `target_modules: no linear module of this model matches ${modules}.`,
    hint: `Choose from ${names.join(', ')}, or use all-linear.`,
  }),
  target_modules_expression: ({ pattern, endless }: { pattern: string; endless: boolean }) =>
    endless
      ? {
          message: `The regular expression “${pattern}” repeats too much: matching it could take for ever.`,
          hint: 'Give names of modules as a list, or write the expression with fewer repetitions.',
        }
      : {
          message: `The regular expression “${pattern}” is not valid in Python, or uses syntax that is not supported here.`,
          hint: 'Give names of modules as a list, or all-linear.',
        },
  checkpoint_damaged: ({ file, fault }: { file: string; fault: string }) => ({
    message: `${file} ${fault}.`,
    hint: 'Continue from an older checkpoint, or start a new run.',
  }),

  safetensors_too_short: ({ file, size }: { file: string; size: number }) =>
    safetensors(`${file} is ${size} bytes long, too short for a header`),
  safetensors_header_too_long: ({ file, length }: { file: string; length: string }) =>
    safetensors(`${file} claims a header of ${length} bytes; 100 MB is the most`),
  safetensors_header_beyond_file: ({ file, length, rest }: { file: string; length: number; rest: number }) =>
    safetensors(`${file} claims a header of ${length} bytes but has only ${rest} after the length`),
  safetensors_header_cut: ({ file, length, read }: { file: string; length: number; read: number }) =>
    safetensors(`${file} has a header of ${length} bytes of which ${read} were read`),
  safetensors_header_not_utf8: ({ file }: { file: string }) =>
    safetensors(`${file} has a header that is not valid UTF-8`),
  safetensors_header_not_json: ({ file }: { file: string }) =>
    safetensors(`${file} has a header that is not valid JSON`),
  safetensors_header_not_object: ({ file }: { file: string }) =>
    safetensors(`${file} has a header that is not a JSON object`),
  safetensors_header_duplicate_key: ({ file, key }: { file: string; key: string }) =>
    safetensors(`${file} has a header with the key “${key}” twice`),
  safetensors_header_number: ({ file, found }: { file: string; found: string }) =>
    safetensors(`${file} has a header with ${found} instead of a whole number`),
  safetensors_metadata: ({ file, key }: { file: string; key?: string }) =>
    safetensors(
      key === undefined
        ? `${file} has metadata that is not a JSON object`
        : `${file} has metadata whose entry “${key}” is not a string`,
    ),
  safetensors_tensor_entry: ({ file, name }: Named) =>
    safetensors(`${file} has a tensor “${name}” whose description is not a JSON object`),
  safetensors_dtype: ({ file, name, dtype }: Named & { dtype: string }) =>
    safetensors(`${file} has a tensor “${name}” of the unknown dtype ${dtype}`),
  safetensors_shape: ({ file, name }: Named) =>
    safetensors(`${file} has a tensor “${name}” whose shape is not a list of whole numbers below 2^53`),
  safetensors_offsets: ({ file, name, range }: Named & { range?: { begin: number; end: number } }) =>
    safetensors(
      range === undefined
        ? `${file} has a tensor “${name}” whose data_offsets are not two whole numbers below 2^53`
        : `${file} has a tensor “${name}” that ends (${range.end}) before it begins (${range.begin})`,
    ),
  safetensors_overflow: ({ file, name, type }: Named & { type: string }) =>
    safetensors(`${file} has a tensor “${name}” of ${type}, which is not a whole number of bytes`),
  safetensors_tensor_length: ({
    file,
    name,
    type,
    bytes,
    expected,
  }: Named & { type: string; bytes: number; expected: number }) =>
    safetensors(`${file} has a tensor “${name}” of ${bytes} bytes, but ${type} takes ${expected}`),
  safetensors_overlap: ({ file, name }: Named) =>
    safetensors(`${file} has a tensor “${name}” that overlaps another`),
  safetensors_gap: ({ file, name, bytes }: Named & { bytes: number }) =>
    safetensors(`${file} has ${bytes} unused bytes before its tensor “${name}”`),
  safetensors_cut: ({ file, size, described }: { file: string; size: number; described: number }) =>
    safetensors(`${file} is cut short: ${size} bytes of the ${described} that its header describes`),
  safetensors_trailing: ({ file, bytes }: { file: string; bytes: number }) =>
    safetensors(`${file} has ${bytes} bytes after its last tensor`),
  safetensors_write: ({ name, type }: { name: string; type: string }) => ({
    message: `Tensor “${name}” (${type}) can’t be written to a safetensors file.`,
  }),

  gguf_header_cut: ({ file, empty }: { file: string; empty: boolean }) =>
    gguf(empty ? `${file} is empty` : `${file} ends within its header, or its header is longer than 256 MiB`),
  gguf_magic: ({ file }: { file: string }) => gguf(`${file} does not begin as a GGUF file does`),
  gguf_version: ({ file, version }: { file: string; version: number | 'big-endian' }) =>
    gguf(
      `${file} is ${version === 'big-endian' ? 'in big-endian byte order' : `of version ${version}`}; ` +
        'versions 2 and 3 in little-endian order can be read',
    ),
  gguf_metadata_key: ({ file, key }: { file: string; key: string }) =>
    gguf(`${file} has the metadata key “${key}” twice, or a key without a name`),
  gguf_alignment: ({ file }: { file: string }) =>
    gguf(`${file} has a general.alignment that is not a power of two up to 65536`),
  gguf_count: ({ file, count, of, noRoom }: { file: string; count: string; of: string; noRoom: boolean }) =>
    gguf(
      noRoom
        ? `${file} claims ${count} ${of}, but is too short for them`
        : `${file} has ${count} ${of}, which is too many`,
    ),
  gguf_length: ({ file, length, of }: { file: string; length: string; of: string }) =>
    gguf(`${file} has the invalid length ${length} for ${of}`),
  gguf_text: ({ file, of }: { file: string; of: string }) =>
    gguf(`${file} has a ${of} that is not valid UTF-8`),
  gguf_metadata_type: ({ file, key, type }: { file: string; key: string; type?: number }) =>
    gguf(
      type === undefined
        ? `${file} nests the arrays of ${key} too deep`
        : `${file} has ${key} of the unknown type ${type}`,
    ),
  gguf_metadata_bool: ({ file, key, byte }: { file: string; key: string; byte: number }) =>
    gguf(`${file} has ${key} = ${byte}, which must be 0 or 1`),
  gguf_shape: ({ file, name, type, axes, most }: Named & { type?: string; axes: number; most: number }) =>
    gguf(
      type === undefined
        ? `${file} has a tensor “${name}” with ${axes} axes; 1 to ${most} are allowed`
        : `${file} has a tensor “${name}” of ${type}, which is not a whole number of blocks`,
    ),
  gguf_type: ({ file, name, type }: Named & { type: number }) =>
    gguf(`${file} has a tensor “${name}” of the unknown type ${type}`),
  gguf_unaligned: ({ file, name, offset, alignment }: Named & { offset: number; alignment: number }) =>
    gguf(`${file} has a tensor “${name}” at ${offset}, which is not a multiple of ${alignment}`),
  gguf_overlap: ({ file, name }: Named) => gguf(`${file} has a tensor “${name}” that overlaps another`),
  gguf_gap: ({ file, name, bytes }: Named & { bytes: number }) =>
    gguf(`${file} has ${bytes} unused bytes before “${name}”`),
  gguf_cut: ({ file, name, size, needed }: Named & { size: number; needed: number }) =>
    gguf(`${file} is cut short: ${size} bytes, of which “${name}” alone needs ${needed}`),
  gguf_tensor_twice: ({ file, name }: Named) => gguf(`${file} has two tensors “${name}”`),
  gguf_trailing: ({ file, bytes }: { file: string; bytes: number }) =>
    gguf(`${file} has ${bytes} bytes after its last tensor`),
  gguf_metadata_missing: ({ key }: { key: string }) => ({
    message: `The GGUF file has no ${key}.`,
    hint: 'Use a GGUF file that was converted from a complete checkpoint, with its tokenizer.',
  }),
  gguf_metadata_unsupported: ({ key, value }: { key: string; value: string | null }) => ({
    message: `The GGUF file’s ${key} is ${value ?? 'absent'}, which is not supported.`,
    hint: 'Use the same model in safetensors, or choose a model of a family that can be trained here.',
  }),
  gguf_tokenizer_unknown: ({ part }: { part: string }) => ({
    message: `The tokenizer can’t be written into a GGUF file: llama.cpp has no counterpart for ${part} of its tokenizer.json.`,
    hint: 'Export a merged model in safetensors, or only the adapter.',
  }),
};
