export { nearestName } from '../core/nearest_name';
export { isSettingName, parseSettings, SETTING_NAMES, settingFromText } from '../core/settings/settings';
