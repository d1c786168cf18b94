import { FunctionFault, integerOf } from './function-fault.ts';
import { goQuote } from './go-quote.ts';
import { kindOf, type TemplateValue, valueText } from './template-value.ts';

/** A directive: flags, width, precision, verb. */
const directive = /%(?<flags>[-+0 ]*)(?<width>\d{1,3})?(?:\.(?<precision>\d{1,3}))?(?<verb>.|$)/gsu;

/**
 * printf with the verbs %v %s %q %d %t %f %g %x and %%, with flags, width and precision. Another verb, a value too
 * many or too few, and a value that does not fit its verb are faults: Go would print them as noise.
 */
export function printFormatted(format: string, given: readonly TemplateValue[]): string {
  let used = 0;
  const text = format.replaceAll(directive, (whole, ...parts) => {
    // The last argument of a replacer is the groups of the match.
    const options = parts.at(-1) as Directive;
    if (options.verb === '%') return '%';
    if (!verbs.has(options.verb)) throw new FunctionFault(`"${whole}" is not supported in printf`);
    if (used >= given.length) throw new FunctionFault(`there is no value for "${whole}"`);
    used += 1;
    return pad(verbText(options, given[used - 1]), options);
  });
  if (used < given.length) throw new FunctionFault(`the format uses ${used} of ${given.length} values`);
  return text;
}

interface Directive {
  readonly flags: string;
  readonly width?: string;
  readonly precision?: string;
  readonly verb: string;
}

const verbs: ReadonlySet<string> = new Set(['v', 's', 'q', 'd', 't', 'f', 'g', 'x']);

function verbText({ verb, flags, precision }: Directive, value: TemplateValue): string {
  switch (verb) {
    case 'd':
      return signed(wholeNumber(value, verb).toString(), flags);
    case 'x':
      return typeof value === 'string' ? hexText(value) : wholeNumber(value, verb).toString(16);
    case 't':
      if (typeof value === 'boolean') return String(value);
      throw misfit(verb, value);
    case 'f':
      return signed(fixedText(decimal(value, verb), Number(precision ?? 6)), flags);
    case 'g':
      if (precision === undefined) return signed(valueText(decimal(value, verb)), flags);
      throw new FunctionFault('%g with a precision is not supported in printf');
    case 'q':
      return goQuote(typeof value === 'string' ? value : valueText(value, 1));
    default: {
      const text = valueText(value, 1);
      return precision === undefined ? text : Array.from(text).slice(0, Number(precision)).join('');
    }
  }
}

/** Places that a number can be printed with. */
const placesMax = 100;

/** Rounds what lies exactly in the middle to the even digit, as Go does; toFixed rounds it up. */
function fixedText(value: number, digits: number): string {
  const places = Math.min(digits, placesMax);
  const rounded = value.toFixed(places);
  const rest = value.toFixed(placesMax).split('.')[1]?.slice(places) ?? '';
  if (!Number.isFinite(value) || !/^50*$/.test(rest)) return rounded;
  const below = (Number(rounded) - Math.sign(value) * 10 ** -places).toFixed(places);
  return /[02468]$/.test(rounded) ? rounded : below;
}

function wholeNumber(value: TemplateValue, verb: string): bigint {
  if (typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value))) return integerOf(value);
  throw misfit(verb, value);
}

function decimal(value: TemplateValue, verb: string): number {
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value);
  throw misfit(verb, value);
}

function misfit(verb: string, value: TemplateValue): FunctionFault {
  return new FunctionFault(`%${verb} does not print a ${kindOf(value)}`);
}

function hexText(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function signed(text: string, flags: string): string {
  if (text.startsWith('-')) return text;
  return flags.includes('+') ? `+${text}` : flags.includes(' ') ? ` ${text}` : text;
}

function pad(text: string, { flags, width, verb }: Directive): string {
  const missing = Number(width ?? 0) - Array.from(text).length;
  if (missing <= 0) return text;
  if (flags.includes('-')) return `${text}${' '.repeat(missing)}`;
  if (!flags.includes('0') || !'dfgx'.includes(verb)) return `${' '.repeat(missing)}${text}`;
  const sign = /^[+-]/.exec(text)?.[0] ?? '';
  return `${sign}${'0'.repeat(missing)}${text.slice(sign.length)}`;
}
