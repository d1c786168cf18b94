/**
 * Raises to a power the way the reference dialect does: the whole part of the exponent by squaring, the fraction by
 * exponential and logarithm. Whole exponents agree with it to the last digit; with others the last digits may differ.
 */
export function power(base: number, exponent: number): number {
  // IEEE 754 and JavaScript differ for the bases 1 and -1.
  if (base === 1) return 1;
  if (base === -1 && (exponent === Infinity || exponent === -Infinity)) return 1;
  if (exponent === 0.5) return Math.sqrt(base);
  if (exponent === -0.5) return 1 / Math.sqrt(base);
  const isUsual = Number.isFinite(base) && Math.abs(base) >= normalMin && Math.abs(exponent) <= Number.MAX_SAFE_INTEGER;
  return isUsual ? usualPower(base, exponent) : base ** exponent;
}

/** Smallest number with full precision. */
const normalMin = 2 ** -1022;

/** Keeps a mantissa in [0.5, 1) and its binary exponent apart, so that nothing overflows on the way. */
function usualPower(base: number, exponent: number): number {
  let whole = Math.trunc(Math.abs(exponent));
  let fraction = Math.abs(exponent) - whole;
  if (fraction !== 0 && base < 0) return Number.NaN;
  if (fraction > 0.5) [whole, fraction] = [whole + 1, fraction - 1];
  let [mantissa, scale] = split(base);
  let [result, resultScale] = [fraction === 0 ? 1 : Math.exp(fraction * Math.log(base)), 0];
  for (let rest = whole; rest !== 0; rest = Math.floor(rest / 2)) {
    if (Math.abs(scale) > scaleMax) return base ** exponent;
    if (rest % 2 === 1) {
      result *= mantissa;
      resultScale += scale;
    }
    mantissa *= mantissa;
    scale *= 2;
    if (mantissa < 0.5) {
      mantissa *= 2;
      scale -= 1;
    }
  }
  return exponent < 0 ? join(1 / result, -resultScale) : join(result, resultScale);
}

/** Beyond this scale the result is zero or infinite. */
const scaleMax = 4096;

/** Mantissa with a magnitude in [0.5, 1) and binary exponent. */
function split(value: number): [number, number] {
  let scale = Math.max(Math.floor(Math.log2(Math.abs(value))) + 1, -1074);
  // In two factors, because 2 ** 1074 alone is too large for a number.
  let mantissa = value / 2 ** Math.trunc(scale / 2) / 2 ** (scale - Math.trunc(scale / 2));
  if (Math.abs(mantissa) >= 1) [mantissa, scale] = [mantissa / 2, scale + 1];
  if (Math.abs(mantissa) < 0.5) [mantissa, scale] = [mantissa * 2, scale - 1];
  return [mantissa, scale];
}

function join(mantissa: number, scale: number): number {
  if (scale > scaleMax) return mantissa * Infinity;
  const half = Math.trunc(Math.max(scale, -scaleMax) / 2);
  const rest = Math.max(scale, -scaleMax) - half;
  // Scaling down in one step rounds once only.
  return scale > 0 ? mantissa * 2 ** half * 2 ** rest : scaleDown(mantissa, scale);
}

function scaleDown(mantissa: number, scale: number): number {
  if (scale >= -1021) return mantissa * 2 ** scale;
  if (scale < -1200) return mantissa < 0 ? -0 : 0;
  return mantissa * 2 ** -1000 * 2 ** (scale + 1000);
}
