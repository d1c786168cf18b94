import { duplicate, forbidden, invalidEach, notSupported, required, type FieldErrors } from './field-error.ts';
import { listOf, numberOf, optionalRecord, recordOf, textOf, type JsonRecord } from './json-access.ts';
import { dnsLabelProblems } from './name-syntax.ts';
import { validateContainerPorts, validateHostPorts } from './validate-container-ports.ts';
import { validateEnvironment } from './validate-environment.ts';
import { validateLifecycle, validateProbes } from './validate-probes.ts';
import { validateResources } from './validate-resources.ts';
import { validateVolumeMounts } from './validate-volume-mounts.ts';

const pullPolicies = ['Always', 'IfNotPresent', 'Never'];
const terminationMessagePolicies = ['File', 'FallbackToLogsOnError'];

/** What only a container that keeps running may have. */
const runningFields = ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const;

/** Checks the containers and init containers of a pod. */
export function validateContainers(spec: JsonRecord, volumeNames: ReadonlySet<string>, field: string): FieldErrors {
  const containers = listOf(spec['containers']).map(recordOf);
  const initContainers = listOf(spec['initContainers']).map(recordOf);
  const hostNetwork = spec['hostNetwork'] === true;
  const graceSeconds = numberOf(spec['terminationGracePeriodSeconds']) ?? 30;
  if (containers.length === 0) return [required(`${field}.containers`, 'a pod needs at least one container')];
  const names = new Set<string>();
  return [
    ...containers.flatMap((container, index) => {
      const at = `${field}.containers[${index}]`;
      return [
        ...validateContainer(container, volumeNames, at),
        ...validateUniqueName(container, names, at),
        ...validateRunningContainer(container, graceSeconds, at),
        ...(container['restartPolicy'] === undefined
          ? []
          : [forbidden(`${at}.restartPolicy`, 'only init containers have it; remove it')]),
      ];
    }),
    ...validateHostPorts(containers, hostNetwork, `${field}.containers`),
    ...initContainers.flatMap((container, index) => {
      const at = `${field}.initContainers[${index}]`;
      return [
        ...validateContainer(container, volumeNames, at),
        ...validateUniqueName(container, names, at),
        ...validateInitContainer(container, graceSeconds, at),
      ];
    }),
    // Init containers run one after the other, so only the ports of one and the same can clash.
    ...initContainers.flatMap((container, index) =>
      validateHostPorts([container], hostNetwork, `${field}.initContainers`, index),
    ),
  ];
}

function validateContainer(container: JsonRecord, volumeNames: ReadonlySet<string>, field: string): FieldErrors {
  const name = textOf(container['name']);
  return [
    ...(name === '' ? [required(`${field}.name`)] : invalidEach(`${field}.name`, name, dnsLabelProblems(name))),
    ...(textOf(container['image']) === '' ? [required(`${field}.image`, 'name the image to run')] : []),
    ...validateChoice(container, 'terminationMessagePolicy', terminationMessagePolicies, field),
    ...validateContainerPorts(listOf(container['ports']), `${field}.ports`),
    ...validateEnvironment(container, field),
    ...validateVolumeMounts(container, volumeNames, field),
    ...validateChoice(container, 'imagePullPolicy', pullPolicies, field),
    ...validateResources(recordOf(container['resources']), `${field}.resources`),
  ];
}

function validateUniqueName(container: JsonRecord, names: Set<string>, field: string): FieldErrors {
  const name = textOf(container['name']);
  if (name !== '' && names.has(name)) return [duplicate(`${field}.name`, name, 'each container needs its own name')];
  names.add(name);
  return [];
}

function validateRunningContainer(container: JsonRecord, graceSeconds: number, field: string): FieldErrors {
  return [
    ...validateLifecycle(container['lifecycle'], graceSeconds, `${field}.lifecycle`),
    ...validateProbes(container, field),
  ];
}

/** An init container with restartPolicy Always is a sidecar and keeps running. */
function validateInitContainer(container: JsonRecord, graceSeconds: number, field: string): FieldErrors {
  if (container['restartPolicy'] === 'Always') return validateRunningContainer(container, graceSeconds, field);
  return [
    ...validateChoice(container, 'restartPolicy', ['Always'], field),
    ...runningFields.flatMap((name) =>
      optionalRecord(container[name]) === undefined
        ? []
        : [forbidden(`${field}.${name}`, 'an init container has it only with restartPolicy Always')],
    ),
  ];
}

function validateChoice(container: JsonRecord, name: string, choices: readonly string[], field: string): FieldErrors {
  const value = container[name];
  return value === undefined || choices.includes(textOf(value))
    ? []
    : [notSupported(`${field}.${name}`, value, choices)];
}
