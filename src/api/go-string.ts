const htmlUnsafe = /[<>&\u2028\u2029]/g;

/**
 * A string as Go's encoding/json prints it: like JSON.stringify, but with `<`, `>`, `&`, U+2028 and U+2029 escaped and
 * with a lone surrogate (which Go cannot hold) replaced by U+FFFD.
 */
export function goString(value: string): string {
  return JSON.stringify(value.toWellFormed()).replaceAll(
    htmlUnsafe,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Orders two strings by their UTF-8 bytes, as Go does. JavaScript's own order differs above U+D7FF. */
export function compareUtf8(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index += 1) {
    const difference = byteRank(left.charCodeAt(index)) - byteRank(right.charCodeAt(index));
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** Surrogates stand for characters beyond U+FFFF, so they rank above every other code unit. */
function byteRank(codeUnit: number): number {
  return codeUnit >= 0xd800 && codeUnit <= 0xdfff ? codeUnit + 0x10000 : codeUnit;
}
