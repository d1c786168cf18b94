const units: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['us', 1_000n],
  ['µs', 1_000n],
  ['μs', 1_000n],
  ['ms', 1_000_000n],
  ['s', 1_000_000_000n],
  ['m', 60_000_000_000n],
  ['h', 3_600_000_000_000n],
]);

const whole = /^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/;
const part = /(\d*)\.?(\d*)(ns|us|µs|μs|ms|s|m|h)/g;
const lengthMax = 200;

/** Reads Go's duration syntax to exact nanoseconds; undefined when the text has another form or is too long a time. */
export function parseDurationText(text: string): bigint | undefined {
  const unsigned = text.replace(/^[+-]/, '');
  if (unsigned === '0') return 0n;
  if (!whole.test(unsigned) || unsigned.length > lengthMax) return undefined;
  let total = 0n;
  for (const [, before = '', after = '', unit = ''] of unsigned.matchAll(part)) {
    const scale = units.get(unit) ?? 0n;
    // Digits behind the nanosecond are cut off.
    total += BigInt(`0${before}`) * scale + (BigInt(`0${after}`) * scale) / 10n ** BigInt(after.length);
  }
  const signed = text.startsWith('-') ? -total : total;
  return signed === BigInt.asIntN(64, signed) ? signed : undefined;
}
