import { importTests } from './import-tests.ts';

await importTests('everything-else');
