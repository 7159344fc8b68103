import type { Catalogue } from '../catalogue';

export const update: Catalogue['update'] = {
  ready: '新版本已就绪。',
  reload: '重新加载',
  later: '稍后',
};
