const WIDTH = 100;

/** JSON as the formatter writes it: two spaces, and lists of plain values on one line where they fit. */
export function jsonText(value: unknown): string {
  return `${render(value, '', 0)}\n`;
}

/** `used` is what stands on the line already, the comma behind included. */
function render(value: unknown, indent: string, used: number): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    const entries: readonly unknown[] = value;
    const line = `[${entries.map((each) => JSON.stringify(each)).join(', ')}]`;
    const plain = entries.every((each) => typeof each !== 'object' || each === null);
    if (entries.length === 0 || (plain && indent.length + used + line.length <= WIDTH)) return line;
    return `[\n${entries.map((each) => inner + render(each, inner, 1)).join(',\n')}\n${indent}]`;
  }
  const fields = Object.entries(value).filter(([, each]) => each !== undefined);
  if (fields.length === 0) return '{}';
  const lines = fields.map(([name, each]) => {
    const head = `${JSON.stringify(name)}: `;
    return `${inner}${head}${render(each, inner, head.length + 1)}`;
  });
  return `{\n${lines.join(',\n')}\n${indent}}`;
}
