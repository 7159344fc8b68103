import { formatsOf } from '../format';

export const format = formatsOf('zh-Hans', { seconds: '秒', minutes: '分钟', hours: '小时', days: '天' });
