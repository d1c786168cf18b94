import { mkdirSync, writeFileSync } from 'node:fs';

import { deployFiles } from '../src/cli/install/deploy-files.ts';

// Writes `deploy/` from the kinds and rules in the code.

for (const { path, text } of deployFiles()) {
  const file = new URL(`../deploy/${path}`, import.meta.url);
  mkdirSync(new URL('.', file), { recursive: true });
  writeFileSync(file, text);
}
