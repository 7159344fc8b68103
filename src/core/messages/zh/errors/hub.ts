import type { hubErrors as english } from '../../en/errors/hub';
import { format } from '../format';

const GOES_ON = '已下载的部分已保存，之后可从中断处继续下载。';
const SPEAKS_AS_HUB = '请确认模型来源（endpoint）与 Hugging Face Hub 的接口兼容。';

function hintOf(hint: string, kept: boolean | undefined): string {
  return kept ? `${hint}${GOES_ON}` : hint;
}

/** 一条消息最多列出的名称数。 */
const LISTED = 12;

function shortList(names: readonly string[]): string {
  const shown = names.slice(0, LISTED);
  return format.series(names.length > shown.length ? [...shown, '…'] : shown);
}

const kinds = { model: '模型', dataset: '数据集' };
const samples = { model: 'Qwen/Qwen2.5-0.5B-Instruct', dataset: 'openai/gsm8k' };

export const hubErrors: typeof english = {
  dataset_config_missing: ({ repo, names }) => ({
    message: `${repo} 有多个配置。`,
    hint: `请选择其中之一（命令行：hub:${repo},CONFIG,SPLIT）：${shortList(names)}。`,
  }),
  dataset_config_unknown: ({ repo, config, names }) => ({
    message: `${repo} 没有配置 ${config}。`,
    hint: `可用的配置：${shortList(names)}。`,
  }),
  dataset_file: ({ file, reason }) => ({
    message: `无法读取 ${file}：${reason}`,
    hint: '请选择其他数据行或其他数据集，或下载该文件并修复。',
  }),
  dataset_large: ({ bytes }) => ({
    message: `这些数据行超过 ${format.bytes(bytes)}。`,
    hint: '请少选一些，例如 [:10000]。',
  }),
  dataset_no_rows: ({ split, rows, slice }) => ({
    message:
      slice === ''
        ? `${split} 没有数据行。`
        : `${split} 共 ${format.count(rows)} 行，${slice} 没有选中任何一行。`,
    hint: '请选择其他数据行。',
  }),
  dataset_card: {
    message: '无法读取这个数据集的说明文件（README.md）中的配置列表。',
    hint: '请从该站点下载数据文件，再添加到这里。',
  },
  dataset_reference: ({ typed }) => ({
    message: `“${typed}”不是数据集名称。`,
    hint: '请填写“所有者/名称”，后面可以加上配置、划分和数据行，例如：openai/gsm8k,main,train[:1000]。',
  }),
  dataset_slice: ({ typed }) => ({
    message: `“${typed}”没有说明要取哪些数据行。`,
    hint: '写法：[:1000] 表示前 1000 行，[1000:2000]，[-500:] 表示最后 500 行，或 [10%:20%]。',
  }),
  dataset_split_unknown: ({ repo, config, split, names }) => ({
    message: `${repo} 的配置 ${config} 没有划分 ${split}。`,
    hint: `可用的划分：${shortList(names)}。`,
  }),
  dataset_unreadable: ({ repo, endings }) => ({
    message: `${repo} 中没有 Tunesmith 能读取的文件。`,
    hint: `它能读取 ${format.series(endings)}。如果该站点提供这个数据集的 Parquet 版本，请下载后使用。`,
  }),
  download_changed: ({ reason }) => ({
    message: reason,
    hint: '请重新开始下载，这样会下载文件的当前版本。',
  }),
  download_failed: ({ reason, kept }) => ({ message: reason, hint: hintOf('请稍后重试。', kept) }),
  download_no_room: ({ repo, missing, excess }) => ({
    message: `没有足够的空间存放 ${repo}：还需下载 ${format.bytes(missing)}。`,
    hint: `请至少释放 ${format.bytes(excess)}：删除不再需要的模型或训练任务，或清理磁盘。已下载的部分已保存。`,
  }),
  download_reopen: ({ file }) => ({
    message: `${file} 曾在下载中损坏，现已重新下载。`,
    hint: '请重新打开模型：所有文件均已就绪。',
  }),
  download_wrong_hash: ({ file, repo, host }) => ({
    message: `${repo} 的 ${file} 两次下载的内容都与 ${host} 给出的哈希值不符。`,
    hint: '请稍后重试，或更换模型来源（endpoint）。该文件已被删除。',
  }),
  downloaded_file_gone: ({ file }) => ({
    message: `${file} 已不在存储中。`,
    hint: '请重新打开模型，它会重新下载。',
  }),
  endpoint_answer: ({ host, status, subject, kept }) => ({
    message: `${host} 返回状态码 ${status}，请求的是：${subject}。`,
    hint: hintOf('请检查模型来源（endpoint）。', kept),
  }),
  endpoint_answer_endless: ({ host }) => ({
    message: `${host} 返回的内容过长，没有结束。`,
    hint: SPEAKS_AS_HUB,
  }),
  endpoint_no_ranges: ({ host, file }) => ({
    message: `${host} 不支持只下载 ${file} 的一部分，只能下载整个文件。`,
    hint: '请更换模型来源（endpoint），或下载该文件后在这里打开。',
  }),
  endpoint_limit: ({ host, minutes, kept }) => ({
    message: `${host} 在 ${minutes} 分钟内不再允许下载。`,
    hint: hintOf('请到时再试。使用访问令牌可获得更高的下载限额。', kept),
  }),
  endpoint_unreachable: ({ host, kept }) => ({
    message: `无法连接到 ${host}。`,
    hint: hintOf('请检查网络连接，或更换模型来源（endpoint）。', kept),
  }),
  repository_exists: ({ repo, host }) => ({
    message: `${host} 上已经有仓库 ${repo}。`,
    hint: '请换一个名称，或允许更新它的文件（命令行：--update）：同名文件会被替换，其他文件保持不变。',
  }),
  repository_file_large: ({ file, bytes }) => ({
    message: `${file} 超出此类文件应有的大小：${format.bytes(bytes)}。`,
    hint: '请选择其他模型，或来自其他仓库的同一模型。',
  }),
  repository_file_missing: ({ repo, file }) => ({
    message: `${repo} 中没有文件 ${file}。`,
    hint: '请在它的页面上查看包含哪些文件。',
  }),
  repository_gated: ({ repo, page, endpoint, token }) => ({
    message: token ? `该访问令牌无权访问 ${repo}。` : `${repo} 仅向其所有者批准的用户开放。`,
    hint: `请在 ${endpoint}/${page} 登录并接受其条款，然后提供该账号具有读取权限的访问令牌。`,
  }),
  repository_invalid: ({ repo, host }) => ({
    message: `${host} 对 ${repo} 的描述无法解析。`,
    hint: SPEAKS_AS_HUB,
  }),
  repository_name: ({ name }) => ({
    message: `“${name}”不是仓库名称。`,
    hint: '请按“所有者/名称”的格式填写，例如“Qwen/Qwen2.5-0.5B-Instruct”。',
  }),
  repository_not_found: ({ repo, kind, host }) => ({
    message: `${host} 上没有${kinds[kind]} ${repo}，或该${kinds[kind]}是私有的。`,
    hint: `请检查名称，例如“${samples[kind]}”。私有的${kinds[kind]}需要访问令牌。`,
  }),
  repository_public: ({ repo, host }) => ({
    message: `${host} 上的仓库 ${repo} 是公开的，而这次上传要求私有。`,
    hint: `请换一个名称，或在 ${host} 上把仓库设为私有，或关闭“私有”开关（命令行：--public）。`,
  }),
  repository_too_many_files: ({ repo, host }) => ({
    message: `${host} 列出的 ${repo} 的文件数过多，无法读取。`,
    hint: SPEAKS_AS_HUB,
  }),
  revision_not_found: ({ repo, revision, host }) => ({
    message:
      revision === undefined
        ? `${host} 上的 ${repo} 没有这个版本（revision）。`
        : `${host} 上的 ${repo} 没有版本（revision）${revision}。`,
    hint: '请填写该仓库的分支、标签或完整的提交哈希，或留空以使用主分支。',
  }),
  search_answer: ({ host }) => ({
    message: `${host} 对搜索的响应无法解析。`,
    hint: '请按“所有者/名称”的格式直接填写名称，或更换模型来源（endpoint）。',
  }),
  search_not_offered: {
    message: 'ModelScope 没有向其他网页开放搜索。',
    hint: '请在它的网站上查找，再按“所有者/名称”的格式在此填写。',
  },
  token_invalid: {
    message: '该访问令牌含有空格，或访问令牌中不会出现的字符。',
    hint: '请从创建它的页面重新复制。',
  },
  token_refused: ({ host }) => ({
    message: `${host} 拒绝了请求：访问令牌无效，或没有提供访问令牌。`,
    hint: '请检查访问令牌，它可能已过期。下载公开的模型不需要令牌。',
  }),
  upload_failed: ({ repo, host, reason }) => ({
    message:
      reason === undefined
        ? `上传到 ${repo} 失败：${host} 的响应无法解析。`
        : `上传到 ${repo} 失败。${host} 的答复：“${reason}”`,
    hint: '请重试：已经上传的文件不会重新发送。',
  }),
  upload_no_token: ({ host }) => ({
    message: `上传到 ${host} 需要访问令牌。`,
    hint: `请在 ${host} 上创建一个有写权限的令牌，然后在这里输入；在命令行中请用环境变量 $HF_TOKEN 或 --token 提供。`,
  }),
  upload_not_offered: ({ host }) => ({
    message: `Tunesmith 不能上传到 ${host}。`,
    hint: '请下载文件后在该网站上传，或选择与 Hugging Face Hub 接口相同的站点。',
  }),
  upload_refused: ({ repo, host }) => ({
    message: `${host} 不允许用这个访问令牌写入 ${repo}。`,
    hint: '请检查所有者的名称，以及令牌在那里是否有写权限。',
  }),
};
