import type { Catalogue } from '../catalogue';
import { format } from './format';

const LEAST_MONEY = 0.01;
const LEAST_ENERGY = 0.001;

function atLeast(amount: number, least: number): string {
  return amount > 0 && amount < least ? `不到 ${format.number(least)}` : format.number(amount);
}

const kilowattHours = (energy: number) => `${atLeast(energy, LEAST_ENERGY)} 千瓦时`;

/** The cost of a run, on the page and on the command line. */
export const cost: Catalogue['cost'] = {
  title: (line) => `费用：${line}`,
  unknown: '请填写设备功率和电价',
  about: (energy, money) => `${kilowattHours(energy)}，${money}（预估）`,
  was: (energy, money) => `${kilowattHours(energy)}，${money}`,
  money: (amount, currency) => `${atLeast(amount, LEAST_MONEY)} ${currency}`.trim(),
  watts: '功率（瓦）',
  price: '每千瓦时电价',
  currency: '货币',
  rented: '在租用的 GPU 上运行同一个训练任务。',
  rentedHelp:
    '时间等于本设备的用时除以速度。速度由你假定：2 表示是本设备的两倍。价格为所标日期的报价，可自行修改。',
  name: 'GPU',
  speed: '速度',
  time: '时间',
  total: '费用',
  perHour: '每小时价格',
  date: '报价日期',
  source: '来源',
  remove: '删除',
  add: '添加 GPU',
  another: '其他 GPU',
  of: (field, name) => `${field}：${name}`,
  before: (time, energy, money) => `预计：${time}，${kilowattHours(energy)}，${money}`,
  after: (time, energy, money) => `用时 ${time}，${kilowattHours(energy)}，${money}`,
  onRented: (time, money, speed) =>
    `在速度为本设备 ${format.number(speed)} 倍的租用 GPU 上运行同一任务：${time}，${money}`,
};
