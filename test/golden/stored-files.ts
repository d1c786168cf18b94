import { fileURLToPath } from 'node:url';

import { goldenForms } from './forms.ts';

/** Paths of all recorded files of the forms that are stored here. */
export function storedFiles(): readonly string[] {
  return goldenForms.flatMap(({ files }) => files.map((file) => fileURLToPath(new URL(file, import.meta.url))));
}
