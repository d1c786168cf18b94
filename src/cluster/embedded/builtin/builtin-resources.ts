import { dnsLabelProblems, dnsSubdomainProblems } from '../../../api/name-syntax.ts';
import type { ResourceType } from '../../../api/object.ts';
import { resourceTypes } from '../../../api/resource-types.ts';
import { SluiceError } from '../../../base/error.ts';
import { builtinTypes, plainType } from '../fields/builtin-types.ts';
import { emptySet, setOfPaths } from '../fields/field-set.ts';
import { asRecord, equalJson, jsonAt, without, type JsonRecord } from '../json.ts';
import type { ResourceTraits } from '../resource-traits.ts';
import { builtinCreation } from './builtin-creation.ts';
import { builtinDefaults, withoutBlanks } from './builtin-defaults.ts';
import { builtinProblems } from './builtin-problems.ts';

/** What is special about a built-in kind; the rest is the same for all. */
type Special = Partial<ResourceTraits>;

const replicaPaths = { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' } as const;

const specChanged = (previous: JsonRecord, next: JsonRecord): boolean => !equalJson(previous['spec'], next['spec']);

const contentChanged = (previous: JsonRecord, next: JsonRecord): boolean =>
  !equalJson(without(previous, 'metadata'), without(next, 'metadata'));

const emptyTemplate = { metadata: {}, spec: { containers: null } } as const;

const specials: readonly (readonly [ResourceType, Special])[] = [
  [
    resourceTypes.pod,
    {
      hasStatus: true,
      bumpsGeneration: specChanged,
      selectableFields: [
        'spec.nodeName',
        'spec.restartPolicy',
        'spec.schedulerName',
        'spec.serviceAccountName',
        'status.phase',
        'status.podIP',
        'status.nominatedNodeName',
      ],
      gracePeriod: podGracePeriod,
      blank: { metadata: {}, spec: { containers: null }, status: {} },
    },
  ],
  [
    resourceTypes.replicaSet,
    {
      hasStatus: true,
      scale: replicaPaths,
      bumpsGeneration: specChanged,
      selectableFields: ['status.replicas'],
      blank: { metadata: {}, spec: { selector: null, template: emptyTemplate }, status: { replicas: 0 } },
    },
  ],
  [
    resourceTypes.deployment,
    {
      hasStatus: true,
      scale: replicaPaths,
      bumpsGeneration: deploymentChanged,
      blank: { metadata: {}, spec: { selector: null, strategy: {}, template: emptyTemplate }, status: {} },
    },
  ],
  [
    resourceTypes.job,
    {
      hasStatus: true,
      bumpsGeneration: specChanged,
      selectableFields: ['status.successful'],
      blank: { metadata: {}, spec: { template: emptyTemplate }, status: {} },
    },
  ],
  [
    resourceTypes.service,
    {
      hasStatus: true,
      createOnUpdate: true,
      selectableFields: ['spec.clusterIP', 'spec.type'],
      blank: { metadata: {}, spec: {}, status: { loadBalancer: {} } },
      nameProblems: serviceNameProblems,
    },
  ],
  [
    resourceTypes.podDisruptionBudget,
    {
      hasStatus: true,
      bumpsGeneration: specChanged,
      unconditionalUpdate: false,
      blank: {
        metadata: {},
        spec: {},
        status: { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 },
      },
    },
  ],
  [
    resourceTypes.namespace,
    {
      hasStatus: true,
      selectableFields: ['status.phase'],
      blank: { metadata: {}, spec: {}, status: {} },
      nameProblems: dnsLabelProblems,
      markDeleted: (namespace) => ({ ...namespace, status: { phase: 'Terminating' } }),
    },
  ],
  [
    resourceTypes.ingress,
    { hasStatus: true, bumpsGeneration: specChanged, blank: { metadata: {}, spec: {}, status: {} } },
  ],
  [resourceTypes.endpointSlice, { bumpsGeneration: contentChanged }],
  [resourceTypes.podTemplate, { bumpsGeneration: contentChanged, blank: { metadata: {}, template: emptyTemplate } }],
  [resourceTypes.lease, { unconditionalUpdate: false, createOnUpdate: true, blank: { metadata: {}, spec: {} } }],
  [
    resourceTypes.event,
    {
      createOnUpdate: true,
      selectableFields: [
        'involvedObject.kind',
        'involvedObject.namespace',
        'involvedObject.name',
        'involvedObject.uid',
        'involvedObject.apiVersion',
        'involvedObject.resourceVersion',
        'involvedObject.fieldPath',
        'reason',
        'reportingComponent',
        'source',
        'type',
      ],
    },
  ],
  [resourceTypes.configMap, {}],
  [resourceTypes.secret, { selectableFields: ['type'] }],
];

/** Traits of every built-in kind that is served. */
export const builtinTraits: readonly ResourceTraits[] = specials.map(([type, special]) => traitsOf(type, special));

function traitsOf(type: ResourceType, special: Special): ResourceTraits {
  const hasStatus = special.hasStatus === true;
  const fieldType = builtinTypes[type.kind] ?? plainType;
  const fillDefaults = builtinDefaults[type.kind] ?? ((object: JsonRecord) => object);
  const microTimes = type === resourceTypes.lease ? ['acquireTime', 'renewTime'] : [];
  return {
    type,
    custom: false,
    fieldType,
    blank: { metadata: {} },
    hasStatus,
    scale: undefined,
    reset: { main: hasStatus ? setOfPaths([['f:status']]) : emptySet, status: setOfPaths([['f:spec']]) },
    statusTakesMetadata: true,
    bumpsGeneration: undefined,
    unconditionalUpdate: true,
    createOnUpdate: false,
    selectableFields: [],
    nameProblems: dnsSubdomainProblems,
    admit: (object) => {
      checkMicroTimes(object, microTimes);
      return fillDefaults(withoutBlanks(object, fieldType));
    },
    prepareCreate: builtinCreation[type.kind] ?? ((object) => object),
    problems: problemsOf(type.kind),
    gracePeriod: undefined,
    markDeleted: undefined,
    ...special,
  };
}

/** A write that leaves everything but metadata and status alone is not looked at again. */
function problemsOf(kind: string): ResourceTraits['problems'] {
  const check = builtinProblems[kind];
  if (check === undefined) return () => [];
  const checkedFields = ['spec', 'template', 'data', 'binaryData', 'addressType', 'involvedObject'];
  return (object, previous) => {
    const isSame = previous !== undefined && checkedFields.every((field) => object[field] === previous[field]);
    return isSame ? [] : check(object, previous);
  };
}

/** Deployments count annotations too: they are how a rollback is asked for. */
function deploymentChanged(previous: JsonRecord, next: JsonRecord): boolean {
  return specChanged(previous, next) || !equalJson(annotationsOf(previous), annotationsOf(next));
}

function annotationsOf(object: JsonRecord): JsonRecord {
  return asRecord(jsonAt(object, 'metadata', 'annotations')) ?? {};
}

function serviceNameProblems(name: string): readonly string[] {
  return /^[0-9]/.test(name)
    ? ['must start with a lower case letter', ...dnsLabelProblems(name)]
    : dnsLabelProblems(name);
}

const microTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}(?:Z|[+-]\d{2}:\d{2})$/;

/** metav1.MicroTime takes exactly six fraction digits; anything else cannot be decoded. */
function checkMicroTimes(object: JsonRecord, fields: readonly string[]): void {
  for (const field of fields) {
    const value = jsonAt(object, 'spec', field) ?? null;
    if (value === null || (typeof value === 'string' && microTime.test(value))) continue;
    throw new SluiceError(
      'BadRequest',
      `spec.${field} is ${JSON.stringify(value)}, it must be a time with six fraction digits, ` +
        'such as "2006-01-02T15:04:05.000000Z"',
    );
  }
}

/** A pod that runs nowhere, or no longer, goes at once; any other waits for its kubelet. */
function podGracePeriod(pod: JsonRecord, asked: number | undefined): number {
  const nodeName = jsonAt(pod, 'spec', 'nodeName') ?? '';
  const phase = jsonAt(pod, 'status', 'phase');
  if (nodeName === '' || phase === 'Succeeded' || phase === 'Failed') return 0;
  const own = jsonAt(pod, 'spec', 'terminationGracePeriodSeconds');
  const seconds = asked ?? (typeof own === 'number' ? own : 30);
  // A negative period means the shortest graceful one.
  return seconds < 0 ? 1 : seconds;
}
