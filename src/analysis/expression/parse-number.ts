/** Reads a decimal integer of 64 bits with an optional sign, and nothing else; undefined when the text is none. */
export function parseIntegerText(text: string): bigint | undefined {
  if (!/^[+-]?\d+$/.test(text)) return undefined;
  const value = BigInt(text.startsWith('+') ? text.slice(1) : text);
  return value === BigInt.asIntN(64, value) ? value : undefined;
}

/**
 * Reads a number as Go's strconv.ParseFloat does: decimal or hexadecimal with binary exponent, underscores between
 * digits, infinities and NaN in any case. Undefined when the text is none or is too large.
 */
export function parseFloatText(text: string): number | undefined {
  const special = specialValue(text.toLowerCase());
  if (special !== undefined) return special;
  const plain = withoutUnderscores(text);
  if (plain === undefined) return undefined;
  const value = /^[+-]?0[xX]/.test(plain) ? hexadecimal(plain) : decimal(plain);
  return value !== undefined && Number.isFinite(value) ? value : undefined;
}

function specialValue(text: string): number | undefined {
  if (text === 'nan') return Number.NaN;
  const infinite = /^([+-]?)inf(?:inity)?$/.exec(text);
  if (infinite === null) return undefined;
  return infinite[1] === '-' ? -Infinity : Infinity;
}

/** Underscores may stand between two digits and behind 0x. */
function withoutUnderscores(text: string): string | undefined {
  const allowed = /^[+-]?0[xX]/.test(text) ? /(?<=[\da-fA-FxX])_(?=[\da-fA-F])/g : /(?<=\d)_(?=\d)/g;
  const plain = text.replaceAll(allowed, '');
  return plain.includes('_') ? undefined : plain;
}

function decimal(text: string): number | undefined {
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : undefined;
}

function hexadecimal(text: string): number | undefined {
  const found = /^([+-]?)0[xX]([\da-fA-F]*)\.?([\da-fA-F]*)[pP]([+-]?\d+)$/.exec(text);
  if (found === null) return undefined;
  const [, sign, whole = '', fraction = '', exponent = ''] = found;
  const digits = whole + fraction;
  // More digits than a double can tell apart would need rounding rules that nobody asks for.
  if (digits === '' || digits.length > 13) return undefined;
  const magnitude = Number.parseInt(digits, 16) * 2 ** (Number(exponent) - 4 * fraction.length);
  return sign === '-' ? -magnitude : magnitude;
}
