// Names of columns, classes and files are anybody's: what would show as nothing, or turn a line round, is shown as its escape, "\u202e";
// deltaw.signs. Svelte puts texts in many places, so this looks at all that come to stand on the page, before it is painted.

const EMOJI = String.raw`\u2190-\u2bff\u{1f000}-\u{1faff}`, MARK = String.raw`[\p{Mn}\p{Me}]`;
// What stays though its category is hidden: blanks of markup, emoji, and the sign that makes one emoji of two; then what is hidden, and marks
// beyond four on one letter.
const STAYS = `[\\t\\n\\r${EMOJI}]|(?<=[${EMOJI}\\ufe0f])\\u200d(?=[${EMOJI}])`;
const HIDDEN = String.raw`[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]` + `|(?<=${MARK}{4})${MARK}`;
const SOUGHT = new RegExp(`(${STAYS})|(?:${HIDDEN})`, 'gu');
const PLAIN = /^[\x20-\x7e\t\n\r]*$/, SPOKEN = ['title', 'aria-label', 'placeholder', 'alt'];

const escaped = (sign: string): string => {
  const code = sign.codePointAt(0)!, [letter, width] = code < 0x100 ? ['x', 2] as const : code < 0x10000 ? ['u', 4] as const : ['U', 8] as const;
  return `\\${letter}${code.toString(16).padStart(width, '0')}`;
};

/** The text with every sign visible. Twice is the same as once. */
export const visible = (text: string): string => (PLAIN.test(text) ? text : text.replace(SOUGHT, (sign, stays) => stays ?? escaped(sign)));

/** Make all texts below a node visible, and those that come. */
export function watch(root: Element): void {
  const look = (node: Node): void => {
    if (node instanceof CharacterData) {
      const shown = visible(node.data);
      if (shown !== node.data) node.data = shown;
    } else if (node instanceof Element) {
      for (const name of SPOKEN) {
        const text = node.getAttribute(name), shown = text && visible(text);
        if (shown !== text) node.setAttribute(name, shown!);
      }
      node.childNodes.forEach(look);
    }
  };
  look(root);
  new MutationObserver((changes) => {
    for (const { type, target, addedNodes } of changes) type === 'childList' ? addedNodes.forEach(look) : look(target);
  }).observe(root, { childList: true, characterData: true, attributes: true, attributeFilter: SPOKEN, subtree: true });
}
