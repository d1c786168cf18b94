import type { LabelSelector } from '../../../api/label-selector.ts';
import type { Json } from '../../../api/object.ts';
import { selectorFromObject, selectorMatches } from '../../../api/selector.ts';
import { asRecord, equalJson, isList, isRecord, jsonAt, type JsonRecord } from '../json.ts';
import { podSpecProblems } from './pod-problems.ts';

type Problems = readonly string[];
type Check = (object: JsonRecord, previous: JsonRecord | undefined) => Problems;

/**
 * What an object of a built-in kind must fulfil, beyond its types. Only what controllers and people run into; source:
 * the validation of the Kubernetes API groups, version 1.34.
 */
export const builtinProblems: Readonly<Record<string, Check>> = {
  Pod: (object, previous) => [
    ...podSpecProblems(jsonAt(object, 'spec'), 'spec'),
    ...(previous === undefined ? [] : changedPodProblems(object, previous)),
  ],
  ReplicaSet: workloadProblems,
  Deployment: (object, previous) => [...workloadProblems(object, previous), ...strategyProblems(object)],
  Job: jobProblems,
  Service: serviceProblems,
  PodDisruptionBudget: budgetProblems,
  EndpointSlice: (object, previous) => [
    ...required(object, 'addressType'),
    ...immutable(object, previous, 'addressType'),
  ],
  Event: eventProblems,
  Lease: leaseProblems,
  PodTemplate: (object) => podSpecProblems(jsonAt(object, 'template', 'spec'), 'template.spec'),
  ConfigMap: (object) => dataProblems(object, 'data', 'binaryData'),
  Secret: (object) => dataProblems(object, 'data'),
};

const dataBytesMax = 1024 * 1024;

function dataProblems(object: JsonRecord, ...fields: readonly string[]): Problems {
  const entries = fields.flatMap((field) => Object.entries(asRecord(object[field]) ?? {}));
  const problems = entries
    .filter(([, value]) => typeof value !== 'string')
    .map(([key, value]) => `data[${key}]: Invalid value: ${show(value)}: must be a text`);
  const size = entries.reduce((sum, [, value]) => sum + (typeof value === 'string' ? Buffer.byteLength(value) : 0), 0);
  return size > dataBytesMax ? [...problems, `[]: Too long: may not be more than ${dataBytesMax} bytes`] : problems;
}

function workloadProblems(object: JsonRecord, previous: JsonRecord | undefined): Problems {
  return [
    ...countProblems(object, 'replicas'),
    ...immutable(object, previous, 'spec', 'selector'),
    ...selectorProblems(object),
    ...podSpecProblems(jsonAt(object, 'spec', 'template', 'spec'), 'spec.template.spec'),
    ...restartProblems(object, ['Always']),
  ];
}

function strategyProblems(object: JsonRecord): Problems {
  const { type, rollingUpdate } = asRecord(jsonAt(object, 'spec', 'strategy')) ?? {};
  if (type === 'RollingUpdate') return [];
  if (type !== 'Recreate') {
    return [`spec.strategy.type: Unsupported value: ${show(type)}: supported values: "Recreate", "RollingUpdate"`];
  }
  if (rollingUpdate === undefined) return [];
  return ["spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"];
}

function jobProblems(object: JsonRecord, previous: JsonRecord | undefined): Problems {
  return [
    ...['parallelism', 'completions', 'backoffLimit', 'activeDeadlineSeconds'].flatMap((field) =>
      countProblems(object, field),
    ),
    ...immutable(object, previous, 'spec', 'selector'),
    ...immutable(object, previous, 'spec', 'template'),
    ...podSpecProblems(jsonAt(object, 'spec', 'template', 'spec'), 'spec.template.spec'),
    ...restartProblems(object, ['Never', 'OnFailure']),
  ];
}

function restartProblems(object: JsonRecord, allowed: readonly string[]): Problems {
  const policy = jsonAt(object, 'spec', 'template', 'spec', 'restartPolicy');
  if (policy === undefined || (typeof policy === 'string' && allowed.includes(policy))) return [];
  const list = allowed.map((value) => JSON.stringify(value)).join(', ');
  return [`spec.template.spec.restartPolicy: Unsupported value: ${show(policy)}: supported values: ${list}`];
}

function selectorProblems(object: JsonRecord): Problems {
  const selector = jsonAt(object, 'spec', 'selector');
  if (!isRecord(selector)) return ['spec.selector: Required value'];
  if (Object.keys(selector).length === 0) {
    return ['spec.selector: Invalid value: {}: empty selector is invalid for this kind'];
  }
  const parsed = selectorFromObject(selector);
  if (!parsed.ok) return [`spec.selector: Invalid value: ${show(selector)}: ${parsed.error}`];
  const labels = asRecord(jsonAt(object, 'spec', 'template', 'metadata', 'labels')) ?? {};
  if (selectorMatches(parsed.value, labels as Readonly<Record<string, string>>)) return [];
  return [
    `spec.template.metadata.labels: Invalid value: ${show(labels)}: \`selector\` does not match template \`labels\``,
  ];
}

/** Fields of a pod that may change. Binding to a node is one of them here: the port has no binding subresource. */
const changeablePodFields = [
  'activeDeadlineSeconds',
  'tolerations',
  'terminationGracePeriodSeconds',
  'schedulingGates',
];

function changedPodProblems(object: JsonRecord, previous: JsonRecord): Problems {
  const [next, before] = [fixedPodFields(object), fixedPodFields(previous)];
  if (before['nodeName'] === undefined) delete next['nodeName'];
  return equalJson(next, before)
    ? []
    : [
        'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`, ' +
          changeablePodFields.map((field) => `\`spec.${field}\``).join(', '),
      ];
}

function fixedPodFields(pod: JsonRecord): Record<string, Json> {
  const fixed = { ...asRecord(pod['spec']) };
  for (const field of changeablePodFields) delete fixed[field];
  for (const key of ['containers', 'initContainers']) {
    const list = fixed[key];
    if (isList(list)) fixed[key] = list.map((item) => ({ ...asRecord(item), image: null }));
  }
  return fixed;
}

function serviceProblems(object: JsonRecord): Problems {
  const ports = jsonAt(object, 'spec', 'ports');
  const isPortless =
    jsonAt(object, 'spec', 'type') === 'ExternalName' || jsonAt(object, 'spec', 'clusterIP') === 'None';
  if (!isList(ports) || ports.length === 0) return isPortless ? [] : ['spec.ports: Required value'];
  return ports.flatMap((port, index) => {
    const at = `spec.ports[${index}]`;
    const { port: number, name } = asRecord(port) ?? {};
    return [
      ...(isPort(number) ? [] : [`${at}.port: Invalid value: ${show(number)}: must be between 1 and 65535, inclusive`]),
      ...(ports.length > 1 && name === undefined ? [`${at}.name: Required value`] : []),
    ];
  });
}

function isPort(value: Json | undefined): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535;
}

function budgetProblems(object: JsonRecord): Problems {
  const { minAvailable, maxUnavailable, selector } = asRecord(object['spec']) ?? {};
  if (minAvailable !== undefined && maxUnavailable !== undefined) {
    return [`spec: Invalid value: ${show(object['spec'])}: minAvailable and maxUnavailable cannot be both set`];
  }
  if (selector === undefined) return [];
  // Its shape is checked when the terms are read.
  const parsed = selectorFromObject(selector as LabelSelector);
  return parsed.ok ? [] : [`spec.selector: Invalid value: ${show(selector)}: ${parsed.error}`];
}

function eventProblems(object: JsonRecord): Problems {
  const namespace = jsonAt(object, 'metadata', 'namespace');
  const involved = jsonAt(object, 'involvedObject', 'namespace') ?? 'default';
  return involved === namespace
    ? []
    : [`involvedObject.namespace: Invalid value: ${show(involved)}: does not match event.namespace`];
}

function leaseProblems(object: JsonRecord): Problems {
  const duration = jsonAt(object, 'spec', 'leaseDurationSeconds');
  const isGood = duration === undefined || (typeof duration === 'number' && duration > 0);
  return [
    ...(isGood ? [] : [`spec.leaseDurationSeconds: Invalid value: ${show(duration)}: must be greater than 0`]),
    ...countProblems(object, 'leaseTransitions'),
  ];
}

function countProblems(object: JsonRecord, field: string): Problems {
  const value = jsonAt(object, 'spec', field);
  const isGood = value === undefined || (typeof value === 'number' && Number.isInteger(value) && value >= 0);
  return isGood ? [] : [`spec.${field}: Invalid value: ${show(value)}: must be greater than or equal to 0`];
}

function required(object: JsonRecord, ...path: readonly string[]): Problems {
  return jsonAt(object, ...path) === undefined ? [`${path.join('.')}: Required value`] : [];
}

function immutable(object: JsonRecord, previous: JsonRecord | undefined, ...path: readonly string[]): Problems {
  const value = jsonAt(object, ...path);
  if (previous === undefined || equalJson(value, jsonAt(previous, ...path))) return [];
  return [`${path.join('.')}: Invalid value: ${show(value)}: field is immutable`];
}

function show(value: Json | undefined): string {
  return JSON.stringify(value ?? null);
}
