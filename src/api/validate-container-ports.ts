import { duplicate, invalid, invalidEach, notSupported, required, type FieldErrors } from './field-error.ts';
import { listOf, numberOf, recordOf, textOf, type JsonRecord } from './json-access.ts';
import { portNameProblems, portNumberProblems } from './name-syntax.ts';

const protocols = ['TCP', 'UDP', 'SCTP'];

/** Checks the ports of one container. */
export function validateContainerPorts(ports: readonly unknown[], field: string): FieldErrors {
  const names = new Set<string>();
  return ports.flatMap((item, index) => {
    const port = recordOf(item);
    const at = `${field}[${index}]`;
    return [
      ...validatePortName(textOf(port['name']), names, `${at}.name`),
      ...validatePortNumbers(port, at),
      ...(port['protocol'] === undefined || protocols.includes(textOf(port['protocol']))
        ? []
        : [notSupported(`${at}.protocol`, port['protocol'], protocols)]),
    ];
  });
}

/**
 * Checks that no two containers want the same port of the node, and with hostNetwork that both numbers of a port agree.
 * indexMin is the index of the first container of the list.
 */
export function validateHostPorts(
  containers: readonly JsonRecord[],
  hostNetwork: boolean,
  field: string,
  indexMin = 0,
): FieldErrors {
  const taken = new Set<string>();
  return containers.flatMap((container, containerIndex) =>
    listOf(container['ports']).flatMap((item, index) => {
      const port = recordOf(item);
      const hostPort = numberOf(port['hostPort']) ?? 0;
      if (hostPort === 0) return [];
      const at = `${field}[${indexMin + containerIndex}].ports[${index}].hostPort`;
      const place = `${textOf(port['protocol']) || 'TCP'}/${textOf(port['hostIP'])}/${hostPort}`;
      const errors = [
        ...(taken.has(place) ? [duplicate(at, place, 'each port of the node can be taken once')] : []),
        ...(hostNetwork && hostPort !== port['containerPort']
          ? [invalid(at, hostPort, 'with hostNetwork it must equal containerPort')]
          : []),
      ];
      taken.add(place);
      return errors;
    }),
  );
}

/** Checks a port of a probe or handler: a number, or the name of a container port. */
export function validatePortReference(port: unknown, field: string): FieldErrors {
  return typeof port === 'string'
    ? invalidEach(field, port, portNameProblems(port))
    : invalidEach(field, port, portNumberProblems(numberOf(port) ?? 0));
}

function validatePortName(name: string, names: Set<string>, field: string): FieldErrors {
  if (name === '') return [];
  const problems = portNameProblems(name);
  if (problems.length > 0) return invalidEach(field, name, problems);
  if (names.has(name)) return [duplicate(field, name, 'each port of a container needs its own name')];
  names.add(name);
  return [];
}

function validatePortNumbers(port: JsonRecord, field: string): FieldErrors {
  const containerPort = numberOf(port['containerPort']) ?? 0;
  const hostPort = numberOf(port['hostPort']) ?? 0;
  return [
    ...(containerPort === 0
      ? [required(`${field}.containerPort`, 'give a number between 1 and 65535')]
      : invalidEach(`${field}.containerPort`, containerPort, portNumberProblems(containerPort))),
    ...(hostPort === 0 ? [] : invalidEach(`${field}.hostPort`, hostPort, portNumberProblems(hostPort))),
  ];
}
