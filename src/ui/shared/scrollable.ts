import type { Attachment } from 'svelte/attachments';

/** Makes an element focusable, so that a keyboard can scroll it, while its content is larger than the element. */
export function scrollable(name: string): Attachment<HTMLElement> {
  return (element) => {
    const look = () => {
      const { scrollHeight, clientHeight, scrollWidth, clientWidth } = element;
      const scrolls = scrollHeight > clientHeight + 1 || scrollWidth > clientWidth + 1;
      if (!scrolls) {
        for (const attribute of ['tabindex', 'role', 'aria-label']) element.removeAttribute(attribute);
        return;
      }
      element.tabIndex = 0;
      element.setAttribute('role', 'region');
      element.setAttribute('aria-label', name);
    };
    const sizes = new ResizeObserver(look);
    for (const each of [element, ...element.children]) sizes.observe(each);
    look();
    return () => sizes.disconnect();
  };
}
