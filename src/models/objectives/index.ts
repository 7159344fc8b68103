import type { TrainSettings } from '../../core/settings/settings';
import type { Objective } from './objective';
import { pt } from './pt';
import { sft } from './sft';

/** The objectives by the values of the setting `objective`. */
const OBJECTIVES: Readonly<Record<TrainSettings['objective'], Objective>> = { sft, pt };

/** The objective that the settings of a run name. */
export function objectiveOf({ objective }: Pick<TrainSettings, 'objective'>): Objective {
  return OBJECTIVES[objective];
}
