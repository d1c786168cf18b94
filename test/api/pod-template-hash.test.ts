import assert from 'node:assert/strict';
import test from 'node:test';

import * as fc from 'fast-check';

import type { Json } from '../../src/api/object.ts';
import { podTemplateHash, podTemplateJson, stepsHash } from '../../src/api/pod-template-hash.ts';
import { podTemplateSchema, type PodTemplateSpec } from '../../src/api/pod-template.ts';
import { admit, type FieldErrorReason } from '../../src/api/structural.ts';
import { readGolden } from '../golden/read-golden.ts';
import {
  expectedPodTemplateHash,
  runPodTemplateHash,
  type PodTemplateInput,
  type PodTemplateOutput,
} from '../golden/run-pod-template-hash.ts';

const recorded = readGolden<PodTemplateInput, Partial<PodTemplateOutput>>('pod-template-hash.json');

test('a template hashes as the reference hashes it, as it is written and as it is admitted', () => {
  for (const { name, input, expected } of recorded) {
    assert.deepEqual(runPodTemplateHash(input), expectedPodTemplateHash(expected), name);
  }
});

interface Decoded {
  readonly hashedJson: string;
  readonly stored: Json;
  readonly storedHashedJson?: string;
  readonly errors: readonly { readonly field: string; readonly reason: FieldErrorReason }[];
}

test('random templates, also wrong ones, are decoded, stored and refused as in Kubernetes', () => {
  for (const { name, input, expected } of readGolden<Json, Decoded>('pod-template-random.json')) {
    assert.equal(podTemplateJson(input as PodTemplateSpec), expected.hashedJson, name);
    const { value, errors } = admit(podTemplateSchema, input);
    const causes = [...new Set(errors.map(({ field, reason }) => `${field} ${reason}`))].toSorted();
    assert.deepEqual(causes, expected.errors.map(({ field, reason }) => `${field} ${reason}`).toSorted(), name);
    assert.deepEqual(wellFormed(value), expected.stored, name);
    if (expected.storedHashedJson === undefined) continue;
    assert.equal(podTemplateJson(value as PodTemplateSpec), expected.storedHashedJson, name);
  }
});

/** Go cannot hold a lone surrogate, so the recording has U+FFFD in its place. */
function wellFormed(value: Json): Json {
  return JSON.parse(
    JSON.stringify(value, (_, item: unknown) => (typeof item === 'string' ? item.toWellFormed() : item)),
  );
}

test('canary steps hash as in recorded rollouts', () => {
  const cases = readGolden<readonly unknown[] | null, string>('steps-hash.json');
  for (const { name, input, expected } of cases) assert.equal(stepsHash(input ?? undefined), expected, name);
  assert.equal(cases.length, 36);
});

test('the raw configuration of a plug-in step hashes the same however its keys are ordered', () => {
  const step = (config: unknown): readonly unknown[] => [{ plugin: { config, name: 'sluice.dev/wait' } }];
  const hash = stepsHash(step({ b: [1, { y: '<', x: null }], a: 0.5 }));
  assert.equal(stepsHash(step({ a: 0.5, b: [1, { x: null, y: '<' }] })), hash);
  assert.notEqual(stepsHash(step({ a: 0.5, b: [1, { x: null, y: '>' }] })), hash);
});

test('a template that a Deployment has defaulted hashes as a recorded workloadRef rollout', () => {
  const container = {
    name: 'app',
    image: 'demo:v1',
    ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }],
    resources: { requests: { cpu: '5m', memory: '16Mi' } },
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: 'IfNotPresent',
  };
  const spec = {
    containers: [container],
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    securityContext: {},
    schedulerName: 'default-scheduler',
  };
  assert.equal(podTemplateHash({ metadata: { labels: { app: 'web' } }, spec }), '7d77d5784c');
});

test('a negative or huge collision count wraps like the 32-bit number that it is', () => {
  const template = recorded[0]!.input.template;
  assert.equal(podTemplateHash(template, -1), podTemplateHash(template, 2 ** 32 - 1));
  assert.notEqual(podTemplateHash(template, 0), podTemplateHash(template));
});

/** The same JSON with the keys of every object in another order. */
function shuffled(value: Json, order: number): Json {
  if (Array.isArray(value)) return value.map((item: Json) => shuffled(item, order));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, item]): [string, Json] => [key, shuffled(item, order)]);
  const start = order % Math.max(entries.length, 1);
  return Object.fromEntries([...entries.slice(start), ...entries.slice(0, start)].toReversed());
}

test('the order of keys changes neither hash nor stored form, and admitting twice changes nothing', () => {
  const templates = recorded.map(({ input }) => input.template as Json);
  fc.assert(
    fc.property(fc.constantFrom(...templates), fc.nat(50), (template, order) => {
      const other = shuffled(template, order);
      assert.equal(podTemplateHash(other as PodTemplateSpec), podTemplateHash(template as PodTemplateSpec));
      const once = admit(podTemplateSchema, other);
      assert.deepEqual(once.value, admit(podTemplateSchema, template).value);
      assert.deepEqual(admit(podTemplateSchema, once.value), once);
    }),
  );
});
