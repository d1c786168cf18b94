import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { systemClock } from '../../../src/base/clock.ts';
import { SluiceError } from '../../../src/base/error.ts';
import { loadStepPlugins } from '../../../src/cli/controller/load-step-plugins.ts';
import { readStepPluginSettings } from '../../../src/cli/controller/step-plugin-settings.ts';
import type { StepPluginRegistry } from '../../../src/controller/step-plugins/contract.ts';
import { requestFor } from '../../controller/step-plugins/request-for.ts';

const importModule = (url: string): Promise<unknown> => import(url);

const secret = { name: 'smoke', key: 'hmac' };

describe('the settings of step plug-ins', () => {
  it('say which plug-in is called how', () => {
    const settings = readStepPluginSettings(
      [
        { name: 'example.com/smoke', url: 'https://smoke.example.com/run', secret, timeout: '5s' },
        { name: 'example.com/hello', module: './hello.ts' },
        { name: 'example.com/off', url: 'http://x', disabled: true },
      ],
      'plugins.yaml',
    );
    assert.deepEqual(settings, [
      {
        kind: 'http',
        name: 'example.com/smoke',
        url: 'https://smoke.example.com/run',
        timeoutMs: 5000,
        secret: { name: 'smoke', namespace: undefined, key: 'hmac' },
      },
      { kind: 'module', name: 'example.com/hello', path: './hello.ts', sha256: undefined, timeoutMs: 10_000 },
      { kind: 'disabled', name: 'example.com/off' },
    ]);
  });

  it('are refused with the entry, the field and what would be right', () => {
    const name = 'example.com/a';
    const cases: readonly (readonly [unknown, RegExp])[] = [
      [{}, /plugins.yaml: must be a list/u],
      [[7], /\[0\]: must be an object/u],
      [[{ name: 'smoke', url: 'https://x' }], /\[0\].name: "smoke" must look like example.com\/smoke-test/u],
      [[{ name: 'sluice.dev/approval', url: 'https://x' }], /names below sluice.dev\/ are built in/u],
      [[{ name }], /\[0\]: needs url or module/u],
      [[{ name, url: 'https://x', module: './a.ts' }], /needs url or module, one of them/u],
      [[{ name, url: 'http://x', secret }], /not encrypted; use https/u],
      [[{ name, url: 'ftp://x', secret }], /is no URL with https/u],
      [[{ name, url: 'https://a:b@x', secret }], /no user or password/u],
      [[{ name, url: 'https://x' }], /\[0\].secret: is needed to sign requests/u],
      [[{ name, url: 'https://x', secret, timeout: '2h' }], /\[0\].timeout: must be more than 0 and at most 60s/u],
      [[{ name, module: './a.ts', sha256: 'abc' }], /\[0\].sha256: must be 64 hexadecimal digits/u],
      [[{ name, module: './a.ts', disabled: 'no' }], /\[0\].disabled: must be true or false/u],
      [[{ name, module: './a.ts', location: 'x' }], /\[0\].location: is not known/u],
      [['a', 'a'].map(() => ({ name, module: './a.ts' })), /names "example.com\/a" twice/u],
    ];
    for (const [content, message] of cases) {
      assert.throws(
        () => readStepPluginSettings(content, 'plugins.yaml'),
        (error: unknown) => error instanceof SluiceError && error.code === 'Usage' && message.test(error.message),
        String(message),
      );
    }
  });
});

describe('step plug-ins in modules', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-plugins-'));
  });
  after(() => rm(folder, { recursive: true }));

  async function load(module: string, more: object = {}): Promise<StepPluginRegistry> {
    const file = `${createHash('sha256').update(module).digest('hex').slice(0, 16)}.ts`;
    await writeFile(join(folder, file), module);
    const plugins = [{ name: 'example.com/hello', module: `./${file}`, ...more }];
    await writeFile(join(folder, 'plugins.yaml'), JSON.stringify(plugins));
    const make = await loadStepPlugins(join(folder, 'plugins.yaml'), importModule);
    const nobody = { get: () => assert.fail('nothing is read'), send: () => assert.fail('nothing is sent') };
    return make({ cluster: nobody, http: nobody, clock: systemClock, ownNamespace: 'sluice' });
  }

  const { signal } = new AbortController();

  it('run, and have nothing to do for what they do not export', async () => {
    const plugin = (
      await load(`export const run = async ({ step }: { step: { config: { suite: string } } }) =>
        ({ phase: 'Successful', message: step.config.suite });`)
    ).get('example.com/hello');
    assert.deepEqual(await plugin?.call(requestFor('Run'), signal), { phase: 'Successful', message: 'checkout' });
    assert.deepEqual(await plugin?.call(requestFor('Abort'), signal), { phase: 'Successful', message: '' });
  });

  it('that throw, answer nonsense or never end are in error', async () => {
    const answerOf = async (module: string, more: object = {}) =>
      (await load(module, more)).get('example.com/hello')?.call(requestFor('Run'), signal);
    assert.deepEqual(await answerOf(`export function run() { throw new Error('oh'); }`), {
      phase: 'Error',
      message: 'oh',
    });
    assert.equal((await answerOf(`export default { run: () => 7 };`))?.phase, 'Error');
    const endless = await answerOf(`export const run = () => new Promise(() => {});`, { timeout: '20ms' });
    assert.match(endless?.message ?? '', /no answer within 20 ms/u);
  });

  it('that cannot be used keep the controller from starting', async () => {
    await assert.rejects(load(`export const go = 1;`), /exports no function "run"/u);
    await assert.rejects(load(`export const run = () => 1; export const abort = 1;`), /its "abort" is no function/u);
    await assert.rejects(load(`export const run = ;`), /step plug-in example.com\/hello: .*\.ts: /u);
    await assert.rejects(load(`export const run = () => 2;`, { sha256: '0'.repeat(64) }), /its SHA-256 is/u);
    await assert.rejects(loadStepPlugins(join(folder, 'missing.yaml'), importModule), /cannot read the step plug-ins/u);
  });
});
