import type { hub as english } from '../../en/engine/hub';
import { format } from '../format';

/** Messages about requests and downloads. */
export const hub: typeof english = {
  hub_search: '搜索',
  answer_cut_off: ({ subject }) => `响应在传输中断开：${subject}。`,
  endpoint_fails: ({ host, status, subject }) => `${host} 多次返回状态码 ${status}，请求的是：${subject}。`,
  file_host_refuses: ({ subject }) => `存放文件的主机拒绝了请求：${subject}。`,
  file_stalled: ({ file }) => `${file} 多次停止传输，不再有新数据。`,
  file_cut_off: ({ file }) => `${file} 的传输多次中断。`,
  file_other_part: ({ file }) => `收到的 ${file} 的数据并非所请求的部分。`,
  file_download_over: ({ file }) => `${file} 的下载已结束。`,
  file_shorter: ({ subject, host }) => `${host} 上的 ${subject} 比文件列表中记载的短。`,
  file_size_differs: ({ file, bytes, listed }) =>
    `${file} 现为 ${format.count(bytes)} 字节，而文件列表中为 ${format.count(listed)} 字节。`,
  file_of_other_commit: ({ file }) => `${file} 现在来自另一个提交（commit）。`,
  file_changed: ({ file }) => `${file} 在下载过程中发生了变化。`,
  repository_changed: ({ repo }) => `${repo} 在下载开始之后有更新：有变化的文件会重新下载，其余的继续使用。`,
  dataset_rows_left: ({ repo, rows, reason }) =>
    `${repo} 有 ${format.count(rows)} 行无法读取，已跳过：${reason}`,
  dataset_part: ({ repo, split }) =>
    `Hub 上 ${repo} 的 Parquet 副本只包含 ${split} 的开头部分。从末尾或按百分比选取的数据行都以这一部分为准。`,
  dataset_converted: ({ repo }) => `${repo} 自身的文件无法在这里读取，因此使用 Hub 为它生成的 Parquet 副本。`,
  dataset_listing: ({ repo }) => `正在查询 ${repo}`,
  dataset_fetching: ({ rows, bytes }) => `正在下载：${format.count(rows)} 行，${format.bytes(bytes)}`,
  file_fetched_again: ({ file }) => `${file} 下载后校验不符，正在重新下载。`,
};
