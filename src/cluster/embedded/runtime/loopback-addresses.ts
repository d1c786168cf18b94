import { SluiceError } from '../../../base/error.ts';
import type { Random } from '../../../base/random.ts';

/** Addresses of 127.0.0.0/8 that are given out: the first block is left to everybody else. */
const firstAddress = 127 * 2 ** 24 + 2 ** 16;
const addressCount = 2 ** 24 - 2 ** 17;

/**
 * Gives every pod a loopback address of its own, so that all may listen on the same port. Linux answers on the whole of
 * 127.0.0.0/8. It begins at a random place, so that two Sluices on one machine hardly ever meet, and an address comes
 * back only after all others.
 */
export class LoopbackAddresses {
  readonly #used = new Set<string>();
  #next: number;

  constructor(random: Random) {
    this.#next = random.integer(0, addressCount - 1);
  }

  /** A free address. */
  take(): string {
    for (let tries = 0; tries < addressCount; tries += 1) {
      const address = textOf(firstAddress + this.#next);
      this.#next = (this.#next + 1) % addressCount;
      // First and last addresses of a block look like networks and broadcasts to some programs.
      if (this.#used.has(address) || address.endsWith('.0') || address.endsWith('.255')) continue;
      this.#used.add(address);
      return address;
    }
    throw new SluiceError('Unavailable', 'all loopback addresses are in use by pods');
  }

  /** Marks an address as used that a pod has from an earlier life of this process. */
  keep(address: string): void {
    this.#used.add(address);
  }

  give(address: string): void {
    this.#used.delete(address);
  }
}

function textOf(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}
