import { duplicate, forbidden, invalid, invalidEach, notSupported, required, type FieldErrors } from './field-error.ts';
import { listOf, numberOf, recordOf, textOf, type JsonRecord } from './json-access.ts';
import { dnsLabelProblems } from './name-syntax.ts';

/** Every volume source, and the texts it cannot do without. Source: the Kubernetes API reference, "Volume". */
const requiredTexts: Readonly<Record<string, readonly string[]>> = {
  emptyDir: [],
  hostPath: ['path'],
  gitRepo: ['repository'],
  gcePersistentDisk: ['pdName'],
  awsElasticBlockStore: ['volumeID'],
  secret: ['secretName'],
  nfs: ['server', 'path'],
  iscsi: ['targetPortal', 'iqn'],
  glusterfs: ['endpoints', 'path'],
  flocker: [],
  persistentVolumeClaim: ['claimName'],
  rbd: ['image'],
  cinder: ['volumeID'],
  cephfs: [],
  quobyte: ['registry', 'volume'],
  downwardAPI: [],
  fc: [],
  azureFile: ['secretName', 'shareName'],
  configMap: ['name'],
  vsphereVolume: ['volumePath'],
  azureDisk: ['diskName', 'diskURI'],
  photonPersistentDisk: ['pdID'],
  portworxVolume: ['volumeID'],
  scaleIO: ['gateway', 'system', 'volumeName'],
  storageos: [],
  csi: ['driver'],
  ephemeral: [],
  projected: [],
  image: ['reference'],
};

const hostPathTypes = [
  '',
  'DirectoryOrCreate',
  'Directory',
  'FileOrCreate',
  'File',
  'Socket',
  'CharDevice',
  'BlockDevice',
];

/** Errors of a pod's volumes, and the names of those that containers can mount. */
export interface ValidatedVolumes {
  readonly errors: FieldErrors;
  readonly names: ReadonlySet<string>;
}

/** Checks the volumes of a pod; one with a mistake cannot be mounted. */
export function validateVolumes(volumes: readonly unknown[], field: string): ValidatedVolumes {
  const names = new Set<string>();
  const errors = volumes.flatMap((item, index) => {
    const volume = recordOf(item);
    const name = textOf(volume['name']);
    const problems = [...validateVolume(volume, `${field}[${index}]`)];
    if (names.has(name)) problems.push(duplicate(`${field}[${index}].name`, name));
    if (problems.length === 0) names.add(name);
    return problems;
  });
  return { errors, names };
}

/** Checks a path below a mount point: relative, without `..`. */
export function validateDescendingPath(path: string, field: string): FieldErrors {
  return [
    ...(path.startsWith('/') ? [invalid(field, path, 'it must be a relative path, without "/" at the start')] : []),
    ...(path.split('/').includes('..') ? [invalid(field, path, 'it must not contain ".."')] : []),
  ];
}

function validateVolume(volume: JsonRecord, field: string): FieldErrors {
  const name = textOf(volume['name']);
  return [
    ...validateSources(volume, field),
    ...(name === '' ? [required(`${field}.name`)] : invalidEach(`${field}.name`, name, dnsLabelProblems(name))),
  ];
}

function validateSources(volume: JsonRecord, field: string): FieldErrors {
  // A volume without a source becomes an emptyDir.
  const kinds = Object.keys(requiredTexts).filter((kind) => volume[kind] !== undefined);
  const [kind, ...others] = kinds;
  return [
    ...others.map((other) =>
      forbidden(`${field}.${other}`, `a volume has one source, and this one has ${kinds.join(' and ')}`),
    ),
    ...(kind === undefined ? [] : validateSource(kind, recordOf(volume[kind]), `${field}.${kind}`)),
  ];
}

function validateSource(kind: string, source: JsonRecord, field: string): FieldErrors {
  return [
    ...(requiredTexts[kind] ?? []).flatMap((name) =>
      textOf(source[name]) === '' ? [required(`${field}.${name}`)] : [],
    ),
    ...(kind === 'hostPath' ? validateHostPath(source, field) : []),
    ...(kind === 'nfs' ? validateNfs(source, field) : []),
    ...(kind === 'secret' || kind === 'configMap' ? validateFiles(source, field) : []),
    ...(kind === 'projected' ? validateProjected(source, field) : []),
  ];
}

function validateHostPath(source: JsonRecord, field: string): FieldErrors {
  const path = textOf(source['path']);
  const type = source['type'];
  return [
    ...(path.split('/').includes('..') ? [invalid(`${field}.path`, path, 'it must not contain ".."')] : []),
    ...(type === undefined || hostPathTypes.includes(textOf(type))
      ? []
      : [notSupported(`${field}.type`, type, hostPathTypes.slice(1))]),
  ];
}

function validateNfs(source: JsonRecord, field: string): FieldErrors {
  const path = textOf(source['path']);
  return path === '' || path.startsWith('/') ? [] : [invalid(`${field}.path`, path, 'it must be an absolute path')];
}

/** The files of a Secret or ConfigMap: permissions and where each key goes. */
function validateFiles(source: JsonRecord, field: string): FieldErrors {
  return [
    ...validateMode(source['defaultMode'], `${field}.defaultMode`),
    ...listOf(source['items']).flatMap((item, index) => {
      const file = recordOf(item);
      const at = `${field}.items[${index}]`;
      const path = textOf(file['path']);
      return [
        ...(textOf(file['key']) === '' ? [required(`${at}.key`)] : []),
        ...(path === '' ? [required(`${at}.path`)] : validateDescendingPath(path, `${at}.path`)),
        ...validateMode(file['mode'], `${at}.mode`),
      ];
    }),
  ];
}

function validateMode(mode: unknown, field: string): FieldErrors {
  const value = numberOf(mode);
  return value === undefined || (value >= 0 && value <= 0o777)
    ? []
    : [invalid(field, mode, 'it must be between 0 and 511 (0777 in octal)')];
}

function validateProjected(source: JsonRecord, field: string): FieldErrors {
  return [
    ...validateMode(source['defaultMode'], `${field}.defaultMode`),
    ...listOf(source['sources']).flatMap((item, index) => {
      const projection = recordOf(item);
      return ['secret', 'configMap'].flatMap((kind) => {
        if (projection[kind] === undefined) return [];
        const at = `${field}.sources[${index}].${kind}`;
        const files = recordOf(projection[kind]);
        return [...(textOf(files['name']) === '' ? [required(`${at}.name`)] : []), ...validateFiles(files, at)];
      });
    }),
  ];
}
