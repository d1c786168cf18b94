import assert from 'node:assert/strict';
import { test } from 'node:test';

import { countFields } from '../../src/controller/count-fields.ts';
import { parseScenario } from '../../src/simulator/scenario/parse-scenario.ts';
import { playScenario } from '../../src/simulator/scenario/play-scenario.ts';
import type { SentCall } from '../../src/simulator/sent-call.ts';

const updateAtMs = 30_000;

/** Requests besides Events that one update costs, in their order, where counts wait for longer than pods take. */
async function requestsOfUpdate(lines: readonly string[]): Promise<readonly SentCall[]> {
  const text = [...lines, 'at 30s: set image web shop:2', 'finally phase is Healthy', ''].join('\n');
  const sent: SentCall[] = [];
  const { complaints } = await playScenario(parseScenario(text, 'an update', import.meta.dirname), {
    countsDelayMs: 60_000,
    observer: {
      onSend: (call) => {
        const isOurs = call.writer === 'sluice' && call.type.plural !== 'events';
        if (isOurs && call.atMs >= updateAtMs) sent.push(call);
      },
    },
  });
  assert.deepEqual(complaints, []);
  return sent;
}

function textOf({ verb, type, subresource }: SentCall): string {
  return [`${verb} ${type.plural}`, subresource].filter((part) => part !== undefined).join('/');
}

test('an update of one pod is eight requests', async () => {
  const sent = await requestsOfUpdate([
    'canary web 1 x shop:1',
    '  steps: [{ setWeight: 50 }, { pause: { duration: 1s } }]',
  ]);
  assert.deepEqual(sent.map(textOf), [
    'create replicasets',
    'patch rollouts',
    // It begins.
    'patch rollouts/status',
    'patch replicasets',
    // The first step is done, and it pauses.
    'patch rollouts/status',
    // The pause is over.
    'patch rollouts/status',
    'patch replicasets',
    // It is stable and healthy.
    'patch rollouts/status',
  ]);
});

test('a pass that scales writes no counts of pods', async () => {
  const sent = await requestsOfUpdate([
    'canary web 6 x shop:1',
    '  maxSurge: 2',
    '  maxUnavailable: 0',
    '  steps: [{ setWeight: 50 }, { pause: { duration: 1s } }]',
  ]);
  const scales = sent.filter(({ type, verb }) => type.plural === 'replicasets' && verb === 'patch');
  assert.ok(scales.length >= 6, `${scales.length} changes of sizes`);
  const written = sent.flatMap(({ subresource, body }) =>
    subresource === 'status' ? [Object.keys((body as { readonly status: object }).status)] : [],
  );
  assert.deepEqual(
    written.filter((fields) => fields.every((field) => countFields.has(field))),
    [],
  );
});
