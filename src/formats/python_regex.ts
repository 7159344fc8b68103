/**
 * Translates a regular expression of Python's `re`, for paths of modules, to JavaScript: inline flags, named groups,
 * `\A`, `\Z`, comments and escapes that only one of the two has. It matches a whole text, like `re.fullmatch`.
 * Undefined if it uses a feature that JavaScript lacks.
 */
export function pythonRegex(pattern: string): RegExp | undefined {
  const [, letters = '', rest = ''] = /^(?:\(\?([aimsuxL]+)\))?([\s\S]*)$/.exec(pattern) ?? [];
  if (/[xL]/.test(letters)) return undefined;
  const flags = [...new Set(letters)].filter((letter) => 'ims'.includes(letter)).join('');
  try {
    return new RegExp(`^(?:${translated(rest)})$`, flags);
  } catch {
    return undefined;
  }
}

/** One token of an expression: an escape, a class of characters, the beginning of a group, or a character. */
const TOKEN = /\\[\s\S]|\[\^?\]?(?:\\[\s\S]|[^\]\\])*\]|\(\?#[^)]*\)|\(\?P[<=]|[\s\S]/g;

function translated(pattern: string): string {
  let backReference = false;
  return pattern.replace(TOKEN, (token) => {
    if (backReference && token === ')') {
      backReference = false;
      return '>';
    }
    if (token === '\\Z') return '(?![\\s\\S])';
    if (token === '\\A') return '(?<![\\s\\S])';
    if (token === '(?P<') return '(?<';
    if (token === '(?P=') {
      backReference = true;
      return '\\k<';
    }
    if (token.startsWith('(?#')) return '';
    return token.length > 2 && token.startsWith('[') ? translatedClass(token) : token;
  });
}

/**
 * Translates a class of characters. In Python a closing bracket that comes first stands for itself, and so does an
 * opening one anywhere in the class.
 */
function translatedClass(token: string): string {
  const [, begin = '[', inner = ''] = /^(\[\^?)([\s\S]*)\]$/.exec(token) ?? [];
  const escaped = inner.replace(/^\]|\\[\s\S]|\[/g, (part) =>
    part === ']' || part === '[' ? `\\${part}` : part,
  );
  return `${begin}${escaped}]`;
}
