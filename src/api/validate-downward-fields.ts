import { invalid, invalidEach, notSupported, required, type FieldErrors } from './field-error.ts';
import { textOf, type JsonRecord } from './json-access.ts';
import { qualifiedNameProblems } from './name-syntax.ts';

/** Fields of a pod that an environment variable can take its value from. */
const environmentFields = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];

/** Fields that exist for the downward API but not for environment variables. */
const otherFields = [
  'metadata.annotations',
  'metadata.labels',
  'spec.restartPolicy',
  'spec.schedulerName',
  'status.phase',
];

const subscriptedField = /^(?<path>[^[]+)\['(?<key>.*)'\]$/;

const containerResources = ['cpu', 'memory', 'ephemeral-storage'].flatMap((name) => [
  `limits.${name}`,
  `requests.${name}`,
]);

/** Checks fieldRef of an environment variable. */
export function validatePodFieldReference(source: JsonRecord, field: string): FieldErrors {
  const path = textOf(source['fieldPath']);
  if (path === '') return [required(`${field}.fieldPath`, 'name a field such as metadata.name')];
  const subscripted = splitSubscript(path);
  if (subscripted !== undefined) return validateSubscript(subscripted, field);
  if (environmentFields.includes(path) || path === 'spec.host') return [];
  return otherFields.includes(path)
    ? [notSupported(`${field}.fieldPath`, path, environmentFields)]
    : [invalid(`${field}.fieldPath`, path, `use one of: ${environmentFields.join(', ')}`)];
}

/** Splits `metadata.labels['app']` into path and key; undefined without a subscript. */
export function splitSubscript(path: string): { readonly path: string; readonly key: string } | undefined {
  const groups = subscriptedField.exec(path)?.groups;
  return groups === undefined ? undefined : { path: groups['path'] ?? '', key: groups['key'] ?? '' };
}

/** Checks resourceFieldRef of an environment variable. */
export function validateResourceFieldReference(source: JsonRecord, field: string): FieldErrors {
  const resource = textOf(source['resource']);
  if (resource === '') return [required(`${field}.resource`, 'name a resource such as limits.cpu')];
  return containerResources.includes(resource) || /^(limits|requests)\.hugepages-/.test(resource)
    ? []
    : [notSupported(`${field}.resource`, resource, containerResources)];
}

function validateSubscript(subscripted: { readonly path: string; readonly key: string }, field: string): FieldErrors {
  const { path, key } = subscripted;
  if (path === 'metadata.labels') return invalidEach(field, key, qualifiedNameProblems(key));
  if (path === 'metadata.annotations') return invalidEach(field, key, qualifiedNameProblems(key.toLowerCase()));
  return [
    invalid(`${field}.fieldPath`, `${path}['${key}']`, 'only metadata.labels and metadata.annotations take a key'),
  ];
}
