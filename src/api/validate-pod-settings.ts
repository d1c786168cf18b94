import { invalid, invalidEach, notSupported, required, type FieldErrors } from './field-error.ts';
import { listOf, numberOf, optionalRecord, recordOf, textOf, type JsonRecord } from './json-access.ts';
import { dnsLabelProblems, dnsSubdomainProblems, qualifiedNameProblems } from './name-syntax.ts';

const restartPolicies = ['Always', 'OnFailure', 'Never'];
const dnsPolicies = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];
const preemptionPolicies = ['PreemptLowerPriority', 'Never'];

const identityMax = 2 ** 31 - 1;
const identityFields = ['runAsUser', 'runAsGroup', 'fsGroup'];

/** Names of other objects or of the pod itself, and what their syntax is. */
const nameChecks: Readonly<Record<string, (text: string) => readonly string[]>> = {
  serviceAccountName: dnsSubdomainProblems,
  nodeName: dnsSubdomainProblems,
  priorityClassName: dnsSubdomainProblems,
  runtimeClassName: dnsSubdomainProblems,
  hostname: dnsLabelProblems,
  subdomain: dnsLabelProblems,
};

/** Checks the settings of a pod that concern neither containers nor the choice of a node. */
export function validatePodSettings(spec: JsonRecord, field: string): FieldErrors {
  return [
    ...validateChoice(spec, 'restartPolicy', restartPolicies, field),
    ...validateChoice(spec, 'dnsPolicy', dnsPolicies, field),
    ...validateChoice(spec, 'preemptionPolicy', preemptionPolicies, field),
    ...Object.entries(nameChecks).flatMap(([name, problemsOf]) => {
      const value = textOf(spec[name]);
      return value === '' ? [] : invalidEach(`${field}.${name}`, value, problemsOf(value));
    }),
    ...validateActiveDeadline(spec, field),
    ...validateIdentities(spec, field),
    ...validateDnsConfig(spec, field),
    ...validateHostAliases(listOf(spec['hostAliases']), `${field}.hostAliases`),
    ...validateReadinessGates(listOf(spec['readinessGates']), `${field}.readinessGates`),
  ];
}

function validateChoice(spec: JsonRecord, name: string, choices: readonly string[], field: string): FieldErrors {
  const value = spec[name];
  return value === undefined || choices.includes(textOf(value))
    ? []
    : [notSupported(`${field}.${name}`, value, choices)];
}

function validateActiveDeadline(spec: JsonRecord, field: string): FieldErrors {
  const seconds = numberOf(spec['activeDeadlineSeconds']);
  return seconds === undefined || (seconds >= 1 && seconds <= identityMax)
    ? []
    : [invalid(`${field}.activeDeadlineSeconds`, seconds, `it must be between 1 and ${identityMax}`)];
}

function validateIdentities(spec: JsonRecord, field: string): FieldErrors {
  const contexts = [
    [`${field}.securityContext`, spec['securityContext']] as const,
    ...['containers', 'initContainers'].flatMap((list) =>
      listOf(spec[list]).map(
        (item, index) => [`${field}.${list}[${index}].securityContext`, recordOf(item)['securityContext']] as const,
      ),
    ),
  ];
  return contexts.flatMap(([at, context]) =>
    identityFields.flatMap((name) => {
      const id = numberOf(recordOf(context)[name]);
      return id === undefined || (id >= 0 && id <= identityMax)
        ? []
        : [invalid(`${at}.${name}`, id, `it must be between 0 and ${identityMax}`)];
    }),
  );
}

function validateDnsConfig(spec: JsonRecord, field: string): FieldErrors {
  if (spec['dnsPolicy'] !== 'None') return [];
  const config = optionalRecord(spec['dnsConfig']);
  if (config === undefined) return [required(`${field}.dnsConfig`, 'dnsPolicy None needs it')];
  return listOf(config['nameservers']).length > 0
    ? []
    : [required(`${field}.dnsConfig.nameservers`, 'dnsPolicy None needs at least one name server')];
}

function validateHostAliases(aliases: readonly unknown[], field: string): FieldErrors {
  return aliases.flatMap((item, index) => {
    const alias = recordOf(item);
    const ip = textOf(alias['ip']);
    return [
      ...(isIpAddress(ip) ? [] : [invalid(`${field}[${index}].ip`, ip, 'it must be an IP address such as 10.0.0.1')]),
      ...listOf(alias['hostnames']).flatMap((name, nameIndex) =>
        invalidEach(`${field}[${index}].hostnames[${nameIndex}]`, name, dnsSubdomainProblems(textOf(name))),
      ),
    ];
  });
}

function validateReadinessGates(gates: readonly unknown[], field: string): FieldErrors {
  return gates.flatMap((item, index) => {
    const type = textOf(recordOf(item)['conditionType']);
    return invalidEach(`${field}[${index}].conditionType`, type, qualifiedNameProblems(type));
  });
}

function isIpAddress(text: string): boolean {
  const parts = text.split('.');
  const isVersion4 = parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255);
  return isVersion4 || (text.includes(':') && /^[0-9a-fA-F:.]+$/.test(text));
}
