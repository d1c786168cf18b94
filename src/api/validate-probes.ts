import { unreachable } from '../base/invariant.ts';
import { forbidden, invalid, invalidEach, notSupported, required, type FieldErrors } from './field-error.ts';
import { listOf, numberOf, optionalRecord, recordOf, textOf, type JsonRecord } from './json-access.ts';
import { portNumberProblems } from './name-syntax.ts';
import { validatePortReference } from './validate-container-ports.ts';

const handlers = ['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'] as const;
const counts = ['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'successThreshold', 'failureThreshold'];

/** Checks the three probes of a container. */
export function validateProbes(container: JsonRecord, field: string): FieldErrors {
  return ['livenessProbe', 'readinessProbe', 'startupProbe'].flatMap((name) => {
    const probe = optionalRecord(container[name]);
    if (probe === undefined) return [];
    const at = `${field}.${name}`;
    return [
      ...validateProbe(probe, at),
      ...(name === 'readinessProbe' ? validateReadiness(probe, at) : oneSuccess(probe, at)),
    ];
  });
}

/** Checks postStart and preStop of a container whose pod has graceSeconds to end. */
export function validateLifecycle(lifecycle: unknown, graceSeconds: number, field: string): FieldErrors {
  return ['postStart', 'preStop'].flatMap((name) => {
    const handler = optionalRecord(recordOf(lifecycle)[name]);
    return handler === undefined ? [] : validateHandler(handler, graceSeconds, `${field}.${name}`);
  });
}

function validateProbe(probe: JsonRecord, field: string): FieldErrors {
  const graceSeconds = numberOf(probe['terminationGracePeriodSeconds']);
  return [
    ...validateHandler(probe, 0, field),
    ...counts.flatMap((name) =>
      (numberOf(probe[name]) ?? 0) < 0 ? [invalid(`${field}.${name}`, probe[name], 'it must be 0 or more')] : [],
    ),
    ...(graceSeconds !== undefined && graceSeconds <= 0
      ? [invalid(`${field}.terminationGracePeriodSeconds`, graceSeconds, 'it must be more than 0')]
      : []),
  ];
}

function validateReadiness(probe: JsonRecord, field: string): FieldErrors {
  const name = 'terminationGracePeriodSeconds';
  return probe[name] === undefined
    ? []
    : [invalid(`${field}.${name}`, probe[name], 'a readiness probe stops nothing; remove it')];
}

/** Liveness and startup are known after one success; 0 and absent become 1. */
function oneSuccess(probe: JsonRecord, field: string): FieldErrors {
  const threshold = numberOf(probe['successThreshold']) ?? 0;
  return threshold === 0 || threshold === 1
    ? []
    : [invalid(`${field}.successThreshold`, threshold, 'it must be 1 for this probe')];
}

function validateHandler(handler: JsonRecord, graceSeconds: number, field: string): FieldErrors {
  const given = handlers.filter((name) => optionalRecord(handler[name]) !== undefined);
  const [first, ...others] = given;
  if (first === undefined) return [required(field, 'give one of exec, httpGet, tcpSocket, grpc')];
  return [
    ...others.map((name) =>
      forbidden(`${field}.${name}`, `only one way is allowed, and this has ${given.join(' and ')}`),
    ),
    ...(first === 'sleep'
      ? validateSleep(recordOf(handler['sleep']), graceSeconds, `${field}.sleep`)
      : validateAction(first, recordOf(handler[first]), `${field}.${first}`)),
  ];
}

function validateAction(
  name: Exclude<(typeof handlers)[number], 'sleep'>,
  action: JsonRecord,
  field: string,
): FieldErrors {
  switch (name) {
    case 'exec':
      return listOf(action['command']).length > 0 ? [] : [required(`${field}.command`, 'give the command to run')];
    case 'httpGet':
      return [...validatePortReference(action['port'], `${field}.port`), ...validateScheme(action, field)];
    case 'tcpSocket':
      return validatePortReference(action['port'], `${field}.port`);
    case 'grpc':
      return invalidEach(`${field}.port`, action['port'], portNumberProblems(numberOf(action['port']) ?? 0));
    default:
      return unreachable(name);
  }
}

function validateSleep(action: JsonRecord, graceSeconds: number, field: string): FieldErrors {
  const seconds = numberOf(action['seconds']) ?? 0;
  return seconds > 0 && seconds <= graceSeconds
    ? []
    : [invalid(field, seconds, `it must be more than 0 and at most terminationGracePeriodSeconds (${graceSeconds})`)];
}

function validateScheme(action: JsonRecord, field: string): FieldErrors {
  const scheme = action['scheme'];
  return scheme === undefined || ['', 'HTTP', 'HTTPS'].includes(textOf(scheme))
    ? []
    : [notSupported(`${field}.scheme`, scheme, ['HTTP', 'HTTPS'])];
}
