import { readdirSync } from 'node:fs';

const folder = 'lives/recorded/';

/** Files of recorded lives, from the folder of the golden data. */
export const recordedLives: readonly string[] = readdirSync(new URL('recorded/', import.meta.url))
  .filter((file) => file.endsWith('.json'))
  .toSorted()
  .map((file) => `${folder}${file}`);
