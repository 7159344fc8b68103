import type { TrainSettings } from '../../core/settings/settings';
import type { Objective } from './objective';
import { sft } from './sft';

/** By the values of the setting `objective`, whose entry in the table has the line of help of each. */
const OBJECTIVES: Readonly<Record<TrainSettings['objective'], Objective>> = { sft };

/** The objective that the settings of a run name. */
export function objectiveOf({ objective }: Pick<TrainSettings, 'objective'>): Objective {
  return OBJECTIVES[objective];
}
