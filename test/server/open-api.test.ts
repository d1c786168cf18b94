import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';

import { Stage } from './stage.ts';

const path = new URL('../../docs/openapi.json', import.meta.url);

describe('the document of the API', () => {
  it('is the one in docs/; SLUICE_UPDATE_GOLDEN=1 rewrites it', async () => {
    const stage = new Stage();
    const { body } = await stage.ask('GET', '/api/v1/openapi.json');
    await stage.close();
    const document: unknown = { ...body, info: { ...(body['info'] as unknown as object), version: 'any' } };
    const text = `${JSON.stringify(document, null, 2)}\n`;
    if (process.env['SLUICE_UPDATE_GOLDEN'] === '1') await writeFile(path, text);
    assert.equal(await readFile(path, 'utf8'), text);
  });
});
