import type { coreMessages as english } from '../../en/engine/core';

/** Reasons that belong to no room. */
export const coreMessages: typeof english = {
  value_absent: '缺失',
  value_differs: ({ expected, received }) => `应为 ${expected}，实际为 ${received}`,
};
