import assert from 'node:assert/strict';
import test from 'node:test';

import * as fc from 'fast-check';

import { fieldErrorText } from '../../src/api/field-error.ts';
import { validatePodTemplate } from '../../src/api/validate-pod-template.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Errors of a template with these fields in its first container, pod spec and metadata. */
function errorsOf(container: Fields, spec: Fields = {}, metadata: Fields = {}): readonly string[] {
  const template = {
    metadata: { labels: { app: 'web' }, ...metadata },
    spec: { containers: [{ name: 'web', image: 'nginx', ...container }], ...spec },
  };
  return validatePodTemplate(template, 't').map(({ field, type }) => `${field} ${type.replace('FieldValue', '')}`);
}

const probe = { httpGet: { port: 80 } };
const web = { name: 'web', image: 'nginx' };

const sleep = (seconds: number): Fields => ({ lifecycle: { preStop: { sleep: { seconds } } } });

const cases: readonly (readonly [name: string, actual: readonly string[], expected: readonly string[]])[] = [
  ['an ordinary template', errorsOf({ ports: [{ name: 'http', containerPort: 80 }], livenessProbe: probe }), []],
  ['no image', errorsOf({ image: '' }), ['t.spec.containers[0].image Required']],
  ['no name', errorsOf({ name: '' }), ['t.spec.containers[0].name Required']],
  [
    'a port name without a letter',
    errorsOf({ ports: [{ name: '80', containerPort: 80 }] }),
    ['t.spec.containers[0].ports[0].name Invalid'],
  ],
  [
    'two ports of one name',
    errorsOf({
      ports: [
        { name: 'a', containerPort: 1 },
        { name: 'a', containerPort: 2 },
      ],
    }),
    ['t.spec.containers[0].ports[1].name Duplicate'],
  ],
  ['no port number', errorsOf({ ports: [{ name: 'a' }] }), ['t.spec.containers[0].ports[0].containerPort Required']],
  [
    'a port number too high',
    errorsOf({ ports: [{ containerPort: 70_000 }] }),
    ['t.spec.containers[0].ports[0].containerPort Invalid'],
  ],
  [
    'an unknown protocol',
    errorsOf({ ports: [{ containerPort: 1, protocol: 'HTTP' }] }),
    ['t.spec.containers[0].ports[0].protocol NotSupported'],
  ],
  [
    'one host port for two containers',
    errorsOf(
      { ports: [{ containerPort: 1, hostPort: 9 }] },
      {
        containers: [
          { ...web, ports: [{ containerPort: 1, hostPort: 9 }] },
          { ...web, name: 'b', ports: [{ containerPort: 2, hostPort: 9 }] },
        ],
      },
    ),
    ['t.spec.containers[1].ports[0].hostPort Duplicate'],
  ],
  [
    'a host port apart from its container port on the host network',
    errorsOf({ ports: [{ containerPort: 1, hostPort: 9 }] }, { hostNetwork: true }),
    ['t.spec.containers[0].ports[0].hostPort Invalid'],
  ],
  [
    'a wrong environment name',
    errorsOf({ env: [{ name: '1A', value: 'x' }] }),
    ['t.spec.containers[0].env[0].name Invalid'],
  ],
  [
    'an environment source without content',
    errorsOf({ env: [{ name: 'A', valueFrom: {} }] }),
    ['t.spec.containers[0].env[0].valueFrom Invalid'],
  ],
  [
    'two environment sources',
    errorsOf({
      env: [
        { name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name' }, secretKeyRef: { name: 's', key: 'k' } } },
      ],
    }),
    ['t.spec.containers[0].env[0].valueFrom Invalid'],
  ],
  [
    'an unknown pod field',
    errorsOf({ env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'spec.foo' } } }] }),
    ['t.spec.containers[0].env[0].valueFrom.fieldRef.fieldPath Invalid'],
  ],
  [
    'a pod field that the environment cannot have',
    errorsOf({ env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.labels' } } }] }),
    ['t.spec.containers[0].env[0].valueFrom.fieldRef.fieldPath NotSupported'],
  ],
  [
    'a label as pod field',
    errorsOf({ env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } }] }),
    [],
  ],
  [
    'a secret reference without key',
    errorsOf({ env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 's' } } }] }),
    ['t.spec.containers[0].env[0].valueFrom.secretKeyRef.key Required'],
  ],
  ['an empty envFrom', errorsOf({ envFrom: [{}] }), ['t.spec.containers[0].envFrom Invalid']],
  [
    'a config map without name in envFrom',
    errorsOf({ envFrom: [{ configMapRef: {} }] }),
    ['t.spec.containers[0].envFrom[0].configMapRef.name Required'],
  ],
  [
    'a mount without path',
    errorsOf({ volumeMounts: [{ name: 'v' }] }, { volumes: [{ name: 'v' }] }),
    ['t.spec.containers[0].volumeMounts[0].mountPath Required'],
  ],
  [
    'two mounts at one path',
    errorsOf(
      {
        volumeMounts: [
          { name: 'v', mountPath: '/a' },
          { name: 'v', mountPath: '/a' },
        ],
      },
      { volumes: [{ name: 'v', emptyDir: {} }] },
    ),
    ['t.spec.containers[0].volumeMounts[1].mountPath Invalid'],
  ],
  [
    'two volumes of one name',
    errorsOf(
      {},
      {
        volumes: [
          { name: 'v', emptyDir: {} },
          { name: 'v', emptyDir: {} },
        ],
      },
    ),
    ['t.spec.volumes[1].name Duplicate'],
  ],
  [
    'a volume with two sources',
    errorsOf({}, { volumes: [{ name: 'v', emptyDir: {}, hostPath: { path: '/a' } }] }),
    ['t.spec.volumes[0].hostPath Forbidden'],
  ],
  [
    'a secret volume without secret',
    errorsOf({}, { volumes: [{ name: 'v', secret: {} }] }),
    ['t.spec.volumes[0].secret.secretName Required'],
  ],
  [
    'a config map volume without name',
    errorsOf({}, { volumes: [{ name: 'v', configMap: {} }] }),
    ['t.spec.volumes[0].configMap.name Required'],
  ],
  [
    'a claim without name',
    errorsOf({}, { volumes: [{ name: 'v', persistentVolumeClaim: {} }] }),
    ['t.spec.volumes[0].persistentVolumeClaim.claimName Required'],
  ],
  [
    'a probe without handler',
    errorsOf({ readinessProbe: { periodSeconds: 1 } }),
    ['t.spec.containers[0].readinessProbe Required'],
  ],
  [
    'a probe with two handlers',
    errorsOf({ readinessProbe: { ...probe, exec: { command: ['x'] } } }),
    ['t.spec.containers[0].readinessProbe.httpGet Forbidden'],
  ],
  [
    'a probe without port',
    errorsOf({ readinessProbe: { tcpSocket: {} } }),
    ['t.spec.containers[0].readinessProbe.tcpSocket.port Invalid'],
  ],
  [
    'a negative probe period',
    errorsOf({ readinessProbe: { ...probe, periodSeconds: -1 } }),
    ['t.spec.containers[0].readinessProbe.periodSeconds Invalid'],
  ],
  [
    'liveness after two successes',
    errorsOf({ livenessProbe: { ...probe, successThreshold: 2 } }),
    ['t.spec.containers[0].livenessProbe.successThreshold Invalid'],
  ],
  ['readiness after two successes', errorsOf({ readinessProbe: { ...probe, successThreshold: 2 } }), []],
  [
    'an empty command in a hook',
    errorsOf({ lifecycle: { preStop: { exec: {} } } }),
    ['t.spec.containers[0].lifecycle.preStop.exec.command Required'],
  ],
  ['a short sleep before the end', errorsOf(sleep(5)), []],
  ['a sleep beyond the grace period', errorsOf(sleep(31)), ['t.spec.containers[0].lifecycle.preStop.sleep Invalid']],
  [
    'a request above its limit',
    errorsOf({ resources: { requests: { cpu: '2' }, limits: { cpu: '1500m' } } }),
    ['t.spec.containers[0].resources.requests Invalid'],
  ],
  [
    'a request equal to its limit',
    errorsOf({ resources: { requests: { memory: '1Gi' }, limits: { memory: '1024Mi' } } }),
    [],
  ],
  [
    'a negative limit',
    errorsOf({ resources: { limits: { cpu: -1 } } }),
    ['t.spec.containers[0].resources.limits[cpu] Invalid'],
  ],
  [
    'an unknown resource',
    errorsOf({ resources: { limits: { gpu: 1 } } }),
    ['t.spec.containers[0].resources.limits[gpu] Invalid'],
  ],
  [
    'a fraction of a device',
    errorsOf({ resources: { limits: { 'example.com/gpu': '500m' } } }),
    ['t.spec.containers[0].resources.limits[example.com/gpu] Invalid'],
  ],
  [
    'a device request without limit',
    errorsOf({ resources: { requests: { 'example.com/gpu': 1 } } }),
    ['t.spec.containers[0].resources.limits Required'],
  ],
  [
    'an unknown pull policy',
    errorsOf({ imagePullPolicy: 'Sometimes' }),
    ['t.spec.containers[0].imagePullPolicy NotSupported'],
  ],
  ['a restart policy of a Job', errorsOf({}, { restartPolicy: 'Never' }), ['t.spec.restartPolicy NotSupported']],
  [
    'an init container of the same name',
    errorsOf({}, { initContainers: [web] }),
    ['t.spec.initContainers[0].name Duplicate'],
  ],
  [
    'a probe on an init container',
    errorsOf({}, { initContainers: [{ ...web, name: 'i', readinessProbe: probe }] }),
    ['t.spec.initContainers[0].readinessProbe Forbidden'],
  ],
  [
    'a probe on a sidecar',
    errorsOf({}, { initContainers: [{ ...web, name: 'i', restartPolicy: 'Always', readinessProbe: probe }] }),
    [],
  ],
  [
    'ephemeral containers',
    errorsOf({}, { ephemeralContainers: [{ ...web, name: 'e' }] }),
    ['t.spec.ephemeralContainers Forbidden'],
  ],
  [
    'a wrong service account',
    errorsOf({}, { serviceAccountName: 'My_Account' }),
    ['t.spec.serviceAccountName Invalid'],
  ],
  ['a wrong label', errorsOf({}, {}, { labels: { app: 'a b' } }), ['t.labels Invalid']],
  ['a wrong annotation key', errorsOf({}, {}, { annotations: { 'a b': '' } }), ['t.annotations Invalid']],
  [
    'a toleration without key',
    errorsOf({}, { tolerations: [{ value: 'x' }] }),
    ['t.spec.tolerations[0].operator Invalid'],
  ],
  ['an unknown dns policy', errorsOf({}, { dnsPolicy: 'Best' }), ['t.spec.dnsPolicy NotSupported']],
  [
    'a spread without key',
    errorsOf({}, { topologySpreadConstraints: [{ maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule' }] }),
    ['t.spec.topologySpreadConstraints[0].topologyKey Required'],
  ],
  [
    'a negative user',
    errorsOf({ securityContext: { runAsUser: -1 } }),
    ['t.spec.containers[0].securityContext.runAsUser Invalid'],
  ],
];

for (const [name, actual, expected] of cases) {
  test(`pod template with ${name}`, () => {
    assert.deepEqual(actual, expected);
  });
}

test('any JSON as a template gives errors, never an exception', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), fc.jsonValue(), (pod, container, list) => {
      const spec = {
        containers: [container, { name: 'a', ports: list, env: list, volumeMounts: list, resources: pod }],
        volumes: list,
        affinity: pod,
      };
      for (const error of [...validatePodTemplate(pod, 't'), ...validatePodTemplate({ spec }, 't')]) {
        assert.ok(fieldErrorText(error).startsWith('t.'));
      }
    }),
    { numRuns: 300 },
  );
});
