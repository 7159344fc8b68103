import type { settingErrors as english } from '../../en/errors/settings';

/** Errors of settings and their values. */
export const settingErrors: typeof english = {
  setting_invalid: ({ name, range, value, fallback }) => ({
    message: `${name} 必须是${spaced(range)}，而不是${spaced(value)}。`,
    hint: `请改正 ${name}；不填写时使用 ${fallback}。`,
  }),
  setting_unknown: ({ name, nearest, names }) => ({
    message: `没有名为 ${name} 的设置。`,
    hint:
      nearest === null ? `可用的设置有 ${names.join('、')}。` : `是否指 ${nearest}？如果不是，请去掉这一项。`,
  }),
  settings_no_object: ({ value }) => ({
    message: `设置必须是由名称和值组成的对象，而不是${spaced(value)}。`,
    hint: '请改正设置后重试。',
  }),
};

/** With a space before it where Latin letters or digits begin it. */
function spaced(text: string): string {
  return /^[\x20-\x7e]/.test(text) ? ` ${text}` : text;
}
