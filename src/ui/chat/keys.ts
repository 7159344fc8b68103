/** The parts of a keyboard event that decide what a key does in a field. */
export interface Key extends Pick<KeyboardEvent, 'key' | 'shiftKey' | 'isComposing'> {
  readonly keyCode: number;
}

/**
 * The code of a key that an input method handles: Safari ends a composition before it reports the Enter that ended it.
 */
const COMPOSING = 229;

/** Whether an input method (Chinese, Japanese, …) is composing; its keys are not for the page. */
function composes({ isComposing, keyCode }: Key): boolean {
  return isComposing || keyCode === COMPOSING;
}

/** Whether a key sends the question: Enter, unless it makes a new line or belongs to an input method. */
export function sends(event: Key): boolean {
  return event.key === 'Enter' && !event.shiftKey && !composes(event);
}

/** Whether a key is an Escape for the page. */
export function escapes(event: Key): boolean {
  return event.key === 'Escape' && !composes(event);
}
