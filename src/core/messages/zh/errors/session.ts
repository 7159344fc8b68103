import type { sessionErrors as english } from '../../en/errors/session';
import { format } from '../format';

const DOING = {
  chatting: '回答',
  exporting: '导出',
  importing: '导入适配器',
  opening_model: '打开模型',
  opening_run: '打开训练任务',
  reducing: '为适配器降噪',
  mixing: '混合适配器',
  training: '训练',
  writing: '编写数据行',
};

const WITH_WEIGHTS = '请选择包含 model.safetensors、分片及其索引，或 .gguf 文件的模型。';
const WITH_SMALL_FILES = '请选择同时发布了 config.json、tokenizer.json 和 tokenizer_config.json 的模型。';

export const sessionErrors: typeof english = {
  base_missing: {
    message: '此模型已不在存储中。',
    hint: '它已被删除，可能是在另一个标签页中删除的。请从原来的来源重新打开。',
  },
  checkpoint_differs: ({ other }) => ({
    message: `检查点与当前内容不一致，不同之处：${other}。`,
    hint: '请用相同的训练目标、模型、样本和设置继续，或开始新的训练。',
  }),
  demo_missing: {
    message: '无法加载演示所需的文件。',
    hint: '请刷新页面；如果由你部署，请确认所有文件都在服务器上。',
  },
  endpoint_differs: ({ wanted, endpoint }) => ({
    message: `该地址属于 ${wanted}，而当前的模型来源（endpoint）是 ${endpoint}。`,
    hint: `请将模型来源改为 ${wanted}，或只按“所有者/名称”的格式填写。`,
  }),
  engine_busy: ({ doing }) => ({
    message: `引擎正在${DOING[doing]}，暂时无法执行此操作。`,
    hint: '请等待其完成，或停止它。',
  }),
  examples_outdated: {
    message: '样本尚未按当前设置重新读取。',
    hint: '请等待读取完成。',
  },
  examples_missing: { message: '还没有样本。', hint: '请先添加样本。' },
  file_not_gguf: ({ repo, file }) => ({
    message: `${repo} 的 ${file} 不是 GGUF 文件：只有 GGUF 文件能单独构成一个模型。`,
    hint: `去掉文件名、只写“${repo}”可打开整个模型；或指定一个 .gguf 文件。`,
  }),
  gguf_file_missing: ({ repo, file, names }) => ({
    message: `${repo} 中没有文件 ${file}。`,
    hint: names.length > 0 ? `它包含 ${names.join('、')}。` : '它不包含 GGUF 文件。',
  }),
  model_changed: ({ name }) => ({
    message: `${name} 的权重在打开之后发生了变化。`,
    hint: '请重新打开。基于原权重的训练任务需要原来的文件。',
  }),
  adapter_unknown: ({ name }) => ({
    message: `适配器“${name}”已不在内存中。`,
    hint: '请重新导入它，或打开它所属的训练任务。',
  }),
  no_adapter: { message: '还没有适配器。', hint: '请先训练或导入一个适配器。' },
  no_model: { message: '还没有打开模型。', hint: '请先选择模型。' },
  repository_config_missing: ({ repo }) => ({
    message: `${repo} 中没有 config.json。`,
    hint: WITH_SMALL_FILES,
  }),
  repository_is_adapter: ({ repo }) => ({
    message: `${repo} 是适配器，不是模型。`,
    hint: '请打开它所基于的模型；其页面上有说明。',
  }),
  repository_pointer: ({ repo, file, bytes }) => ({
    message: `${repo} 的 ${file} 只有 ${bytes} 字节：它是 Git LFS 指针，不是权重本身。`,
    hint: '请选择此模型的其他上传版本：这一版的权重从未真正上传。',
  }),
  repository_shard_missing: ({ repo, file, index }) => ({
    message: `${repo} 中缺少 ${file}，而 ${index} 将其列为权重的一部分。`,
    hint: '请选择此模型的其他版本：这一版不完整。',
  }),
  run_model_differs: ({ name, hub, commit, load }) => ({
    message: `${name} 不是该训练任务所用的模型：权重、分词器或加载方式不同。`,
    hint: hub
      ? `请从 Hub 打开当时的 ${name}${commit === undefined ? '' : `（${commit}）`}，并使用 ${format.list(load)}；或基于现有模型开始新的训练。`
      : `请从文件夹打开当时的 ${name}，并使用 ${format.list(load)}；或基于现有模型开始新的训练。`,
  }),
  run_model_missing: ({ name, load }) => ({
    message: `该训练任务所用的 ${name} 已不在本机。`,
    hint: `请以 ${format.list(load)} 重新打开 ${name} 的文件夹，然后继续训练。`,
  }),
  run_without_checkpoint: {
    message: '该训练任务在第一步之前就停止了，因此没有适配器。',
    hint: '请开始新的训练。',
  },
  setting_differs: ({ setting, given, held }) => ({
    message: `${setting} 为 ${given}，但该训练任务开始时为 ${held}。`,
    hint: `请不要指定 ${setting}。`,
  }),
  setting_of_adapter: ({ setting, given, held }) => ({
    message: `${setting} 为 ${given}，但 --init_adapter 中的适配器为 ${held}。`,
    hint: `请不要指定 ${setting}。`,
  }),
  start_stopped: {
    message: '已在计算适配器的初始值时停止：还没有学到任何内容。',
    hint: '请继续该训练任务，或开始新的训练。',
  },
  token_beyond_vocabulary: ({ text, id, vocabulary }) => ({
    message: `分词器将“${text}”编码为 token ${id}，但模型只有 ${format.count(vocabulary)} 个 token。`,
    hint: '请删除这段文字，或使用与此模型匹配的 tokenizer.json。',
  }),
  tokenizer_missing: ({ repo, file }) => ({
    message: `${repo} 中没有 ${file}。`,
    hint: WITH_SMALL_FILES,
  }),
  weights_pickled: ({ repo, file }) => ({
    message: `${repo} 的权重只有 ${file}，它不是 safetensors 文件。`,
    hint: WITH_WEIGHTS,
  }),
  weights_unsupported: ({ repo, other }) => ({
    message:
      other === undefined ? `${repo} 中没有可以打开的权重。` : `${repo} 中没有可以打开的权重；${other}。`,
    hint: WITH_WEIGHTS,
  }),
};
