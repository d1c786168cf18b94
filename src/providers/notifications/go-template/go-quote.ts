const named: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
};
const names: ReadonlyMap<string, string> = new Map(Object.entries(named).map(([name, value]) => [value, name]));

/** The text in double quotes with its escapes as Go writes them (strconv.Quote). */
export function goQuote(text: string): string {
  const inner = Array.from(text.toWellFormed(), (point) => {
    const name = names.get(point);
    if (name !== undefined) return `\\${name}`;
    if (/[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(point)) return point;
    const code = point.codePointAt(0) ?? 0;
    if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`;
    return code < 0x1_00_00 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`;
  }).join('');
  return `"${inner}"`;
}

const escape = /\\(?:u(?<short>[\da-fA-F]{4})|U(?<long>[\da-fA-F]{8})|x(?<byte>[0-7][\da-fA-F])|(?<name>.))/gsu;

/** What a Go text in double quotes stands for; undefined when an escape is not known. Bytes above 7F are not taken. */
export function goUnquote(quoted: string): string | undefined {
  let isBad = false;
  const text = quoted.slice(1, -1).replaceAll(escape, (...parts) => {
    // The last argument of a replacer is the groups of the match.
    const { short, long, byte, name } = parts.at(-1) as Readonly<Record<string, string | undefined>>;
    const code = short ?? long ?? byte;
    const point = code === undefined ? named[name ?? ''] : pointText(Number.parseInt(code, 16));
    isBad ||= point === undefined;
    return point ?? '';
  });
  return isBad ? undefined : text;
}

function pointText(code: number): string | undefined {
  const isPoint = code <= 0x10_ff_ff && (code < 0xd8_00 || code > 0xdf_ff);
  return isPoint ? String.fromCodePoint(code) : undefined;
}
