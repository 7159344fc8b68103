import DOMPurify from 'dompurify';
import { Marked } from 'marked';
import type { Attachment } from 'svelte/attachments';

// A model can write anything, so only text-level and block markup is allowed. No images, forms, styles or ids.
const allowed = {
  ALLOWED_TAGS: (
    'p br hr h1 h2 h3 h4 h5 h6 ul ol li blockquote pre code em strong del a ' + 'table thead tbody tr th td'
  ).split(' '),
  ALLOWED_ATTR: ['href', 'start'],
  ALLOWED_URI_REGEXP: /^https?:/i,
};

// Tags that a model writes are shown as text, not applied.
const parser = new Marked({ gfm: true, breaks: true, renderer: { html: ({ text }) => escapeHtml(text) } });

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Markdown as sanitised elements. Nothing of it ever passes through an HTML sink unsanitised. */
export function renderMarkdown(text: string): DocumentFragment {
  const html = parser.parse(text, { async: false });
  const fragment = DOMPurify.sanitize(html, { ...allowed, RETURN_DOM_FRAGMENT: true });
  for (const link of fragment.querySelectorAll('a')) {
    link.target = '_blank';
    link.rel = 'noopener noreferrer nofollow';
  }
  return fragment;
}

/** The texts of a copy button. */
export interface CopyWords {
  readonly copy: string;
  readonly copied: string;
}

/** Fills an element with rendered Markdown; each code block gets a copy button. */
export function markdown(text: string, words: CopyWords): Attachment<HTMLElement> {
  return (element) => {
    const fragment = renderMarkdown(text);
    for (const block of fragment.querySelectorAll('pre')) addCopyButton(block, words);
    element.replaceChildren(fragment);
  };
}

function addCopyButton(block: HTMLPreElement, { copy, copied }: CopyWords): void {
  const frame = document.createElement('div');
  frame.className = 'code';
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'button tiny';
  button.textContent = copy;
  button.addEventListener('click', () => {
    void navigator.clipboard.writeText(block.textContent.trimEnd()).then(() => {
      button.textContent = copied;
      setTimeout(() => (button.textContent = copy), 2000);
    });
  });
  // It scrolls sideways: keyboards must reach it.
  block.tabIndex = 0;
  block.replaceWith(frame);
  frame.append(block, button);
}
