/**
 * The English catalogue: every sentence that a person can read on the page and the command line, once. `zh` has the same
 * keys in Simplified Chinese; a missing key does not compile.
 *
 * - `engine` and `errors` are messages as data: the engine sends `{ code, values }`, and `sentence` and `errorWords` make words
 *   of them at the edge. A new error: its class in `error_codes.ts`, its words in `errors/<room>.ts` here and in `zh`; then
 *   `throw new TunesmithError({ code, values })`. A new note, label or clause: an entry in `engine/<room>.ts`; then
 *   `message(code, values)`. A value may be a message itself: it becomes a clause of the sentence.
 * - `format` writes numbers, sizes, times and dates.
 * - Everything else is a section of the page or of the command line, which reads it as `t.<section>.<key>`. An entry is a
 *   text, or a function of its values: plain numbers, sizes in bytes and times in seconds, which it formats itself.
 */
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

export const en = {
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
