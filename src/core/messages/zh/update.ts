import type { Catalogue } from '../catalogue';

export const update: Catalogue['update'] = {
  ready: '新版本已就绪。',
  reload: '刷新页面',
  later: '稍后',
};
