/** As deep as JSON in a request may be; what is deeper could not be written again without running out of stack. */
const MAX_DEPTH = 64;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Whether JSON text nests no deeper than is written; text that is no JSON gives some answer. Linear. */
export function isShallow(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (inString) {
      if (code === BACKSLASH) index++;
      else if (code === QUOTE) inString = false;
    } else if (code === QUOTE) inString = true;
    else {
      // [ and {, ] and } differ in one bit alone
      const kind = code | 0x20;
      if (kind === 0x7b && ++depth > MAX_DEPTH) return false;
      if (kind === 0x7d) depth--;
    }
  }
  return true;
}
