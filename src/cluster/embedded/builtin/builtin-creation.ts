import type { Json } from '../../../api/object.ts';
import { change, changeRecord, fillIn } from '../../../api/pod-defaults.ts';
import { asRecord, jsonAt, type JsonRecord } from '../json.ts';
import type { Siblings } from '../resource-traits.ts';

type Prepare = (object: JsonRecord, siblings: Siblings) => JsonRecord;

/** What the API server decides when an object of a built-in kind is created. */
export const builtinCreation: Readonly<Record<string, Prepare>> = {
  Pod: (object) => ({ ...object, status: { phase: 'Pending', qosClass: qualityOf(object) } }),
  ReplicaSet: (object) => ({ ...object, status: { replicas: 0 } }),
  Deployment: (object) => ({ ...object, status: {} }),
  Job: (object) => ({ ...selectOwnPods(object), status: {} }),
  Namespace: (object) => ({
    ...change(object, 'metadata', changeRecord(labelNamespace)),
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  }),
  Service: (object, siblings) => ({
    ...change(
      object,
      'spec',
      changeRecord((spec) => withAddress(spec, siblings)),
    ),
    status: { loadBalancer: {} },
  }),
  PodDisruptionBudget: (object) => ({
    ...object,
    status: { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 },
  }),
};

function labelNamespace(metadata: JsonRecord): JsonRecord {
  const labels = { ...asRecord(metadata['labels']), 'kubernetes.io/metadata.name': metadata['name'] ?? '' };
  return { ...metadata, labels };
}

/** A Job's pods are found by its uid, unless its author chose a selector. */
function selectOwnPods(job: JsonRecord): JsonRecord {
  if (jsonAt(job, 'spec', 'manualSelector') === true) return job;
  const uid = jsonAt(job, 'metadata', 'uid') ?? '';
  const name = jsonAt(job, 'metadata', 'name') ?? '';
  const labels = {
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': name,
    'controller-uid': uid,
    'job-name': name,
  };
  const withLabels = changeRecord((metadata) => ({
    ...metadata,
    labels: { ...asRecord(metadata['labels']), ...labels },
  }));
  const withTemplate = changeRecord((template) => change(fillIn(template, { metadata: {} }), 'metadata', withLabels));
  return change(
    job,
    'spec',
    changeRecord((spec) => ({
      ...change(spec, 'template', withTemplate),
      selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } },
    })),
  );
}

/** Service addresses come from 10.96.0.0/16, the range that kubeadm uses. */
const addressCount = 0xffff;

function withAddress(spec: JsonRecord, siblings: Siblings): JsonRecord {
  if (spec['type'] === 'ExternalName') return spec;
  const address = spec['clusterIP'] ?? freeAddress(siblings);
  return {
    ...fillIn(spec, { ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' }),
    clusterIP: address,
    clusterIPs: [address],
  };
}

function freeAddress(siblings: Siblings): Json {
  const used = new Set([...siblings.all()].map((service) => jsonAt(service, 'spec', 'clusterIP')));
  for (let number = 2; number < addressCount; number += 1) {
    const address = `10.96.${number >> 8}.${number & 0xff}`;
    if (!used.has(address)) return address;
  }
  return 'None';
}

/** Pod quality of service: what it requests against what it may use. */
function qualityOf(pod: JsonRecord): string {
  const containers = [jsonAt(pod, 'spec', 'containers')].flat();
  const resources = containers.map((container) => asRecord(jsonAt(container, 'resources')) ?? {});
  const isBare = resources.every(
    ({ limits, requests }) =>
      Object.keys(asRecord(limits) ?? {}).length + Object.keys(asRecord(requests) ?? {}).length === 0,
  );
  if (isBare) return 'BestEffort';
  const isFull = resources.every(({ limits, requests }) =>
    ['cpu', 'memory'].every((name) => {
      const limit = asRecord(limits)?.[name];
      return limit !== undefined && (asRecord(requests)?.[name] ?? limit) === limit;
    }),
  );
  return isFull ? 'Guaranteed' : 'Burstable';
}
