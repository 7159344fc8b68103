export { DEFAULTS, type SettingName, type SettingValue, type TrainSettings } from '../core/settings/settings';
