/** A seeded source of pseudo-random numbers. Forked streams are independent: a draw in one never moves another. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform integer in [minimum, maximum], both inclusive. */
  integer(minimum: number, maximum: number): number;
  /** A new stream that depends on this one's seed and on `name` only, not on how many numbers were drawn. */
  fork(name: string): Random;
}

/** Makes a stream from a 32-bit seed. Generator: mulberry32 (public domain, T. Ettinger), period 2^32. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    integer: (minimum, maximum) => minimum + Math.floor(next() * (maximum - minimum + 1)),
    fork: (name) => seededRandom(fnv1a32(new TextEncoder().encode(`${seed >>> 0}/${name}`))),
  };
}

/** FNV-1a over bytes, 32 bits (the function of the pod-template hash too). `state` continues an earlier hash. */
export function fnv1a32(bytes: Uint8Array, state = 0x811c9dc5): number {
  let hash = state;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
