import type { cli as english } from '../../en/engine/cli';

/** Why the disk refuses. */
export const cli: typeof english = {
  disk_no_permission: '没有读取权限',
  disk_error: '磁盘报告错误',
  disk_too_many_open: '打开的文件过多',
  disk_links_circle: '链接形成了循环',
  disk_path_long: '路径过长',
  disk_file_large: '文件过大，无法一次读取',
  disk_file_shorter: '文件在读取过程中变短了',
  disk_no_writing: '没有写入权限',
  disk_read_only: '所在磁盘是只读的',
  disk_no_place: '该位置不存在',
  disk_path_through_file: '路径中有一部分是文件',
  disk_is_file: '它是一个文件',
  disk_name_long: '名称过长',
  disk_full: '磁盘已满',
  disk_share_full: '磁盘配额已用完',
};
