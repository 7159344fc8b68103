/**
 * A pattern of paths, as the `datasets` library takes it, as an expression: `*` and `?` stay within a folder, `**` goes
 * through any, `[…]` is a set of characters. A pattern without any of these is a path.
 */
export function globPattern(pattern: string): RegExp {
  let source = '';
  for (let at = 0; at < pattern.length; at++) {
    const letter = pattern.charAt(at);
    const set = letter === '[' ? /^\[(!?)(\]?[^\]]*)\]/.exec(pattern.slice(at)) : undefined;
    if (pattern.startsWith('**/', at)) {
      source += '(?:.*/)?';
      at += 2;
    } else if (pattern.startsWith('**', at)) {
      source += '.*';
      at++;
    } else if (set) {
      const [whole, not = '', letters = ''] = set;
      source += `[${not === '' ? '' : '^'}${letters.replaceAll(/[\\\]^[]/g, '\\$&')}]`;
      at += whole.length - 1;
    } else if (letter === '*') source += '[^/]*';
    else if (letter === '?') source += '[^/]';
    else source += letter.replace(/[.+^$()|[\]{}\\/]/, '\\$&');
  }
  return new RegExp(`^${source}$`, 'su');
}
