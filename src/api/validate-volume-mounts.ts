import { invalid, notFound, required, type FieldErrors } from './field-error.ts';
import { listOf, recordOf, textOf, type JsonRecord } from './json-access.ts';
import { validateDescendingPath } from './validate-volumes.ts';

/** Checks volumeMounts and volumeDevices of a container against the volumes of its pod. */
export function validateVolumeMounts(
  container: JsonRecord,
  volumeNames: ReadonlySet<string>,
  field: string,
): FieldErrors {
  const devices = listOf(container['volumeDevices']).map(recordOf);
  const paths = new Set<string>();
  return [
    ...listOf(container['volumeMounts']).flatMap((item, index) => {
      const mount = recordOf(item);
      const at = `${field}.volumeMounts[${index}]`;
      const path = textOf(mount['mountPath']);
      const errors = [
        ...validateVolumeName(textOf(mount['name']), volumeNames, `${at}.name`),
        ...(path === '' ? [required(`${at}.mountPath`, 'give the path inside the container')] : []),
        ...(paths.has(path) ? [invalid(`${at}.mountPath`, path, 'it must be unique in the container')] : []),
        ...validateAgainstDevices(mount, devices, at),
        // Kubernetes names the list here, not the mount.
        ...validateSubPaths(mount, `${field}.volumeMounts`, at),
      ];
      paths.add(path);
      return errors;
    }),
    ...devices.flatMap((device, index) => {
      const at = `${field}.volumeDevices[${index}]`;
      return [
        ...validateVolumeName(textOf(device['name']), volumeNames, `${at}.name`),
        ...(textOf(device['devicePath']) === '' ? [required(`${at}.devicePath`)] : []),
      ];
    }),
  ];
}

function validateVolumeName(name: string, volumeNames: ReadonlySet<string>, field: string): FieldErrors {
  return [
    ...(name === '' ? [required(field, 'name a volume of the pod')] : []),
    ...(volumeNames.has(name)
      ? []
      : [notFound(field, name, `the pod has no valid volume of this name${listed(volumeNames)}`)]),
  ];
}

function listed(names: ReadonlySet<string>): string {
  return names.size === 0 ? '' : `; it has ${[...names].join(', ')}`;
}

function validateAgainstDevices(mount: JsonRecord, devices: readonly JsonRecord[], field: string): FieldErrors {
  return [
    ...(devices.some((device) => device['name'] === mount['name'])
      ? [invalid(`${field}.name`, mount['name'], 'it must not also stand in volumeDevices')]
      : []),
    ...(devices.some((device) => device['devicePath'] === mount['mountPath'])
      ? [invalid(`${field}.mountPath`, mount['mountPath'], 'it must not be the devicePath of a volumeDevice')]
      : []),
  ];
}

function validateSubPaths(mount: JsonRecord, list: string, field: string): FieldErrors {
  const subPath = textOf(mount['subPath']);
  const subPathExpression = textOf(mount['subPathExpr']);
  return [
    ...validateDescendingPath(subPath, `${list}.subPath`),
    ...(subPath !== '' && subPathExpression !== ''
      ? [invalid(`${field}.subPathExpr`, subPathExpression, 'it must not stand beside subPath')]
      : []),
    ...validateDescendingPath(subPathExpression, `${list}.subPathExpr`),
  ];
}
