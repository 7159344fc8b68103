import type { writingErrors as english } from '../../en/errors/writing';

function told(reason: string): string {
  return reason === '' ? '' : `对方的说明：“${reason}”`;
}

export const writingErrors: typeof english = {
  chat_address: ({ typed }) => ({
    message: `“${typed}”不是对话模型的地址。`,
    hint: '请填写类似 https://api.openai.com/v1 或 http://localhost:11434/v1 的地址。',
  }),
  chat_address_http: ({ host }) => ({
    message: `网页无法访问 http://${host}：浏览器禁止用不加密的 http 访问其他计算机。`,
    hint: '请使用 https，或本机上的服务：http://localhost。命令行可以使用任何地址。',
  }),
  writer_unreachable: ({ host }) => ({
    message: `无法连接 ${host}。可能是地址有误、服务没有运行，或服务不允许其他网站的页面访问（CORS）。`,
    hint: '请检查地址。使用 Ollama 时，OLLAMA_ORIGINS 必须包含本页面的地址；vLLM 使用 --allowed-origins；llama-server 允许所有页面。',
  }),
  writer_cut_off: ({ host }) => ({
    message: `与 ${host} 的连接连续多次在回答中断开。`,
    hint: '请稍后再试。已收到的数据行会保留。',
  }),
  writer_overloaded: ({ host, status, reason }) => ({
    message: `${host} 目前无法回答（状态码 ${status}）。${told(reason)}`,
    hint: '请稍后再试，并减少每分钟的请求数。已收到的数据行会保留。',
  }),
  writer_key: {
    message: '密钥中含有不可能出现的字符。',
    hint: '请重新复制，不要带空格、换行或引号。',
  },
  writer_key_refused: ({ host, given, reason }) => ({
    message: `${given ? `${host} 拒绝了该密钥。` : `${host} 需要密钥。`}${told(reason)}`,
    hint: given ? '请检查密钥及其权限。' : '请填写密钥。',
  }),
  writer_not_found: ({ host, model, reason }) => ({
    message: `${host} 的这个地址下没有模型“${model}”。${told(reason)}`,
    hint: '请检查模型名称和地址；地址通常以 /v1 结尾。',
  }),
  writer_refused: ({ host, status, reason }) => ({
    message: `${host} 拒绝了请求（状态码 ${status}）。${told(reason)}`,
    hint: '请检查模型和回答长度。',
  }),
  writer_no_chat: ({ host }) => ({
    message: `${host} 有响应，但不是对话模型的格式。`,
    hint: '请检查地址；地址通常以 /v1 结尾。',
  }),
  text_file: ({ file, reason }) => ({
    message: `无法把 ${file} 作为文本读取。${reason}`,
    hint: '请将其另存为 UTF-8，或直接粘贴文本。',
  }),
  writing_nothing: {
    message: '没有产生新的数据行，因此没有写入文件。',
    hint: '请换用其他数据行、其他改写方法或其他提示词。',
  },
  writing_prompt_empty: {
    message: '提示词是空的。',
    hint: '请写明模型要做什么。',
  },
  writing_prompt_field: ({ field }) => ({
    message: `提示词中缺少 {${field}}，模型看不到相应的内容。`,
    hint: `请在合适的位置写上 {${field}}。`,
  }),
  writing_questions_missing: {
    message: '没有问题。',
    hint: '请每行写一个问题。',
  },
  writing_documents_missing: {
    message: '没有文档。',
    hint: '请粘贴文本、选择文件，或添加纯文本样本。',
  },
  writing_rows_missing: {
    message: '没有一问一答的数据行可供改写。',
    hint: '请添加这样的数据行，或选择其他任务。',
  },
};
