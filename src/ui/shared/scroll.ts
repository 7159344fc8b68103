/** Brings a part of the page into view, unless its beginning is well in view, and moves the focus to it. */
export function goTo(id: string): void {
  const part = document.getElementById(id);
  if (!part) return;
  const { top, bottom } = part.getBoundingClientRect();
  const clearOfStepBar = parseFloat(getComputedStyle(document.documentElement).scrollPaddingTop) || 0;
  const inView = top >= clearOfStepBar && (top < innerHeight / 3 || bottom <= innerHeight);
  if (!inView) {
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    part.scrollIntoView({ behavior: still ? 'auto' : 'smooth', block: 'start' });
  }
  part.focus({ preventScroll: true });
}
