/** The catalogue in Simplified Chinese, with the keys of the English one. */
import type { Catalogue } from '../catalogue';
import { card } from './card';
import { chat } from './chat';
import { cleaning } from './cleaning';
import { cli } from './cli';
import { cost } from './cost';
import { device } from './device';
import { engine } from './engine';
import { errors } from './errors';
import { examples } from './examples';
import { exporting } from './exporting';
import { files } from './files';
import { format } from './format';
import { hubData } from './hub_data';
import { memory } from './memory';
import { model } from './model';
import { more } from './more';
import { rows } from './rows';
import { runs } from './runs';
import { answerHelp, mixHelp, settingHelp } from './setting_help';
import { settings } from './settings';
import { shared } from './shared';
import { shell } from './shell';
import { train } from './train';
import { update } from './update';

export const zh: Catalogue = {
  format,
  errors,
  engine,
  card,
  chat,
  cleaning,
  cli,
  cost,
  device,
  examples,
  exporting,
  files,
  hubData,
  memory,
  model,
  more,
  rows,
  runs,
  answerHelp,
  mixHelp,
  settingHelp,
  settings,
  shared,
  shell,
  train,
  update,
};
