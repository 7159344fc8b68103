import type { formatErrors as english } from '../../en/errors/formats';

const safetensors = (message: string) => ({
  message: `${message}。`,
  hint: '文件已损坏，或没有下载完整。请重新下载。',
});

const gguf = (message: string) => ({
  message: `${message}。`,
  hint: '文件已损坏、没有下载完整，或是不支持的种类。请重新下载。',
});

/** Errors of files of weights, of adapters’ settings and of checkpoints. */
export const formatErrors: typeof english = {
  adapter_config: ({ file, fault }) => ({
    message: `${file} ${fault}。`,
    hint: '请使用 PEFT 保存的普通 LoRA 适配器。',
  }),
  target_modules: ({ modules, names }) => ({
    message: `target_modules：此模型没有与 ${modules} 匹配的线性层。`,
    hint: `请从 ${names.join('、')} 中选择，或使用 all-linear。`,
  }),
  target_modules_expression: ({ pattern, endless }) =>
    endless
      ? {
          message: `正则表达式“${pattern}”的重复过多，匹配可能永远无法完成。`,
          hint: '请改用模块名列表，或减少表达式中的重复。',
        }
      : {
          message: `正则表达式“${pattern}”不是 Python 的写法，或用到了此处不支持的语法。`,
          hint: '请改用模块名列表，或 all-linear。',
        },
  checkpoint_damaged: ({ file, fault }) => ({
    message: `${file}：${fault}。`,
    hint: '请从更早的检查点继续，或开始新的训练。',
  }),

  safetensors_too_short: ({ file, size }) => safetensors(`${file} 只有 ${size} 字节，放不下文件头`),
  safetensors_header_too_long: ({ file, length }) =>
    safetensors(`${file} 声明的文件头长 ${length} 字节，而上限是 100 MB`),
  safetensors_header_beyond_file: ({ file, length, rest }) =>
    safetensors(`${file} 声明的文件头长 ${length} 字节，但长度字段之后只有 ${rest} 字节`),
  safetensors_header_cut: ({ file, length, read }) =>
    safetensors(`${file} 的文件头有 ${length} 字节，但只读到 ${read} 字节`),
  safetensors_header_not_utf8: ({ file }) => safetensors(`${file} 的文件头不是有效的 UTF-8`),
  safetensors_header_not_json: ({ file }) => safetensors(`${file} 的文件头不是有效的 JSON`),
  safetensors_header_not_object: ({ file }) => safetensors(`${file} 的文件头不是 JSON 对象`),
  safetensors_header_duplicate_key: ({ file, key }) => safetensors(`${file} 的文件头中键“${key}”出现了两次`),
  safetensors_header_number: ({ file, found }) => safetensors(`${file} 的文件头中应为整数的地方是 ${found}`),
  safetensors_metadata: ({ file, key }) =>
    safetensors(
      key === undefined ? `${file} 的元数据不是 JSON 对象` : `${file} 的元数据项“${key}”不是字符串`,
    ),
  safetensors_tensor_entry: ({ file, name }) => safetensors(`${file} 中张量“${name}”的描述不是 JSON 对象`),
  safetensors_dtype: ({ file, name, dtype }) => safetensors(`${file} 中张量“${name}”的 dtype ${dtype} 未知`),
  safetensors_shape: ({ file, name }) =>
    safetensors(`${file} 中张量“${name}”的形状不是由小于 2^53 的整数组成的列表`),
  safetensors_offsets: ({ file, name, range }) =>
    safetensors(
      range === undefined
        ? `${file} 中张量“${name}”的 data_offsets 不是两个小于 2^53 的整数`
        : `${file} 中张量“${name}”的结束位置（${range.end}）在开始位置（${range.begin}）之前`,
    ),
  safetensors_overflow: ({ file, name, type }) =>
    safetensors(`${file} 中张量“${name}”为 ${type}，字节数不是有效的整数`),
  safetensors_tensor_length: ({ file, name, type, bytes, expected }) =>
    safetensors(`${file} 中张量“${name}”有 ${bytes} 字节，而 ${type} 需要 ${expected} 字节`),
  safetensors_overlap: ({ file, name }) => safetensors(`${file} 中张量“${name}”与另一个张量重叠`),
  safetensors_gap: ({ file, name, bytes }) =>
    safetensors(`${file} 中张量“${name}”之前有 ${bytes} 个未使用的字节`),
  safetensors_cut: ({ file, size, described }) =>
    safetensors(`${file} 被截断：文件头描述了 ${described} 字节，实际只有 ${size} 字节`),
  safetensors_trailing: ({ file, bytes }) => safetensors(`${file} 在最后一个张量之后还有 ${bytes} 字节`),
  safetensors_write: ({ name, type }) => ({
    message: `张量“${name}”（${type}）无法写入 safetensors 文件。`,
  }),

  gguf_header_cut: ({ file, empty }) =>
    gguf(empty ? `${file} 是空文件` : `${file} 在文件头之内结束，或文件头超过 256 MiB`),
  gguf_magic: ({ file }) => gguf(`${file} 的开头不是 GGUF 文件的开头`),
  gguf_version: ({ file, version }) =>
    gguf(
      `${file} ${version === 'big-endian' ? '采用大端字节序' : `的版本为 ${version}`}；只支持小端字节序的版本 2 和 3`,
    ),
  gguf_metadata_key: ({ file, key }) => gguf(`${file} 的元数据键“${key}”出现两次，或有没有名称的键`),
  gguf_alignment: ({ file }) => gguf(`${file} 的 general.alignment 不是 65536 以内的 2 的幂`),
  gguf_count: ({ file, count, of, noRoom }) =>
    gguf(noRoom ? `${file} 声明有 ${count} 个${of}，但文件放不下` : `${file} 有 ${count} 个${of}，超出上限`),
  gguf_length: ({ file, length, of }) => gguf(`${file} 中有无效的长度 ${length}：${of}`),
  gguf_text: ({ file, of }) => gguf(`${file} 中有一处不是有效的 UTF-8：${of}`),
  gguf_metadata_type: ({ file, key, type }) =>
    gguf(type === undefined ? `${file} 中 ${key} 的数组嵌套过深` : `${file} 中 ${key} 的类型 ${type} 未知`),
  gguf_metadata_bool: ({ file, key, byte }) => gguf(`${file} 中布尔值 ${key} 为 ${byte}，应为 0 或 1`),
  gguf_shape: ({ file, name, type, axes, most }) =>
    gguf(
      type === undefined
        ? `${file} 中张量“${name}”有 ${axes} 个维度，只允许 1 到 ${most} 个`
        : `${file} 中张量“${name}”为 ${type}，不是整数个块`,
    ),
  gguf_type: ({ file, name, type }) => gguf(`${file} 中张量“${name}”的类型 ${type} 未知`),
  gguf_unaligned: ({ file, name, offset, alignment }) =>
    gguf(`${file} 中张量“${name}”位于 ${offset}，不是 ${alignment} 的倍数`),
  gguf_overlap: ({ file, name }) => gguf(`${file} 中张量“${name}”与另一个张量重叠`),
  gguf_gap: ({ file, name, bytes }) => gguf(`${file} 中“${name}”之前有 ${bytes} 个未使用的字节`),
  gguf_cut: ({ file, name, size, needed }) =>
    gguf(`${file} 被截断：文件有 ${size} 字节，而仅“${name}”就需要到 ${needed} 字节`),
  gguf_tensor_twice: ({ file, name }) => gguf(`${file} 中有两个张量“${name}”`),
  gguf_trailing: ({ file, bytes }) => gguf(`${file} 在最后一个张量之后还有 ${bytes} 字节`),
  gguf_metadata_missing: ({ key }) => ({
    message: `GGUF 文件缺少 ${key}。`,
    hint: '请使用由完整的检查点转换而来、包含分词器的 GGUF 文件。',
  }),
  gguf_metadata_unsupported: ({ key, value }) => ({
    message: `GGUF 文件的 ${key} ${value === null ? '缺失' : `为 ${value}`}，不受支持。`,
    hint: '请使用同一模型的 safetensors 版本，或选择此处可以训练的模型家族。',
  }),
  gguf_tokenizer_unknown: ({ part }) => ({
    message: `无法把分词器写入 GGUF 文件：tokenizer.json 中的 ${part} 在 llama.cpp 里没有对应的实现。`,
    hint: '请导出 safetensors 合并模型，或只导出适配器。',
  }),
};
