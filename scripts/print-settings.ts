import { writeFileSync } from 'node:fs';

import { settingsPage } from '../src/cli/controller/settings-page.ts';

// Writes the page about the controller's settings.

const file = new URL('../docs/controller-settings.md', import.meta.url);
writeFileSync(file, settingsPage());
