import { labelValueProblems, qualifiedNameProblems } from '../../api/name-syntax.ts';
import type { Json, KubeObject, ObjectMeta } from '../../api/object.ts';
import { SluiceError } from '../../base/error.ts';
import { equalJson, isList, isRecord, type JsonRecord } from './json.ts';
import type { ResourceTraits } from './resource-traits.ts';

type Shape = 'text' | 'count' | 'texts' | 'textMap' | 'records';

/** Fields of metav1.ObjectMeta. Everything else in metadata is dropped, as the API server does. */
const metadataShapes: Readonly<Record<string, Shape>> = {
  name: 'text',
  generateName: 'text',
  namespace: 'text',
  uid: 'text',
  resourceVersion: 'text',
  generation: 'count',
  creationTimestamp: 'text',
  deletionTimestamp: 'text',
  deletionGracePeriodSeconds: 'count',
  labels: 'textMap',
  annotations: 'textMap',
  ownerReferences: 'records',
  finalizers: 'texts',
  managedFields: 'records',
};

/** All annotations of an object together, keys and values. Source: the API server's validation. */
const annotationBytesMax = 256 * 1024;

/**
 * Metadata as the server keeps it: only known fields, nothing null or empty. An empty list of managedFields is kept, it
 * asks to forget ownership. Throws BadRequest when a field has the wrong type; Invalid when that comes from a patch.
 */
export function readMetadata(object: JsonRecord, code: 'BadRequest' | 'Invalid' = 'BadRequest'): ObjectMeta {
  const metadata = object['metadata'] ?? {};
  if (!isRecord(metadata)) throw new SluiceError(code, 'metadata must be an object');
  const kept: Record<string, Json> = {};
  for (const [field, shape] of Object.entries(metadataShapes)) {
    const value = shape === 'textMap' ? withoutNullTexts(metadata[field]) : metadata[field];
    if (value === undefined || value === null) continue;
    if (!shapeChecks[shape](value)) {
      throw new SluiceError(code, `metadata.${field} is ${JSON.stringify(value)}, it must be ${shapeTexts[shape]}`);
    }
    if (field === 'managedFields' || !isBlank(value)) kept[field] = value;
  }
  // Every field was checked above; the name is added by generateName before it is used when it is missing here.
  return { name: '', ...kept };
}

/** Null decodes to the empty text, as in Go. */
function withoutNullTexts(value: Json | undefined): Json | undefined {
  if (!isRecord(value) || !Object.values(value).includes(null)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, text]) => [key, text ?? '']));
}

const shapeChecks: Readonly<Record<Shape, (value: Json) => boolean>> = {
  text: (value) => typeof value === 'string',
  count: (value) => Number.isInteger(value),
  texts: (value) => isList(value) && value.every((item) => typeof item === 'string'),
  textMap: (value) => isRecord(value) && Object.values(value).every((item) => typeof item === 'string'),
  records: (value) => isList(value) && value.every(isRecord),
};

const shapeTexts: Readonly<Record<Shape, string>> = {
  text: 'a text',
  count: 'an integer',
  texts: 'a list of texts',
  textMap: 'a map from text to text',
  records: 'a list of objects',
};

function isBlank(value: Json): boolean {
  if (isList(value)) return value.length === 0;
  return value === '' || (isRecord(value) && Object.keys(value).length === 0);
}

/** What is wrong with the metadata of a new or changed object. */
export function metadataProblems(metadata: ObjectMeta, traits: ResourceTraits): readonly string[] {
  return [
    ...nameProblems(metadata, traits),
    ...mapProblems('labels', metadata.labels, labelValueProblems),
    ...mapProblems('annotations', metadata.annotations, () => []),
    ...annotationSizeProblems(metadata.annotations),
    ...(metadata.finalizers ?? []).flatMap((name) => problem('finalizers', name, qualifiedNameProblems(name))),
    ...ownerProblems(metadata),
  ];
}

function nameProblems({ name, generateName = '' }: ObjectMeta, traits: ResourceTraits): readonly string[] {
  if (name === '') return ['metadata.name: Required value: name or generateName is required'];
  const generated = generateName === '' ? [] : traits.nameProblems(generateName.replace(/[-.]+$/, ''));
  return [...problem('name', name, traits.nameProblems(name)), ...problem('generateName', generateName, generated)];
}

function mapProblems(
  field: string,
  map: Readonly<Record<string, string>> | undefined,
  valueProblems: (value: string) => readonly string[],
): readonly string[] {
  return Object.entries(map ?? {}).flatMap(([key, value]) => [
    // Annotation keys may have upper case prefixes.
    ...problem(field, key, qualifiedNameProblems(field === 'annotations' ? key.toLowerCase() : key)),
    ...problem(field, value, valueProblems(value)),
  ]);
}

function problem(field: string, value: string, texts: readonly string[]): readonly string[] {
  return texts.map((text) => `metadata.${field}: Invalid value: ${JSON.stringify(value)}: ${text}`);
}

function annotationSizeProblems(annotations: Readonly<Record<string, string>> = {}): readonly string[] {
  const size = Object.entries(annotations).reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  return size > annotationBytesMax
    ? [`metadata.annotations: Too long: may not be more than ${annotationBytesMax} bytes`]
    : [];
}

function ownerProblems({ ownerReferences = [] }: ObjectMeta): readonly string[] {
  const problems = ownerReferences.flatMap((reference, index) =>
    (['apiVersion', 'kind', 'name', 'uid'] as const)
      .filter((field) => typeof reference[field] !== 'string' || reference[field] === '')
      .map((field) => `metadata.ownerReferences[${index}].${field}: Required value`),
  );
  const controllers = ownerReferences.filter(({ controller }) => controller === true).length;
  if (controllers > 1) {
    problems.push('metadata.ownerReferences: Invalid value: Only one reference can have Controller set to true');
  }
  return problems;
}

/** What may not change from one version of an object to the next. */
export function metadataUpdateProblems(next: ObjectMeta, previous: ObjectMeta): readonly string[] {
  const problems: string[] = [];
  for (const field of ['name', 'namespace', 'uid', 'deletionTimestamp', 'deletionGracePeriodSeconds'] as const) {
    if (!equalJson(next[field], previous[field])) {
      problems.push(`metadata.${field}: Invalid value: ${JSON.stringify(next[field])}: field is immutable`);
    }
  }
  if (previous.deletionTimestamp !== undefined) {
    const added = (next.finalizers ?? []).filter((name) => !(previous.finalizers ?? []).includes(name));
    if (added.length > 0) {
      problems.push(
        'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, ' +
          `found new finalizers ${JSON.stringify(added)}`,
      );
    }
  }
  return problems;
}

/** Key of an object inside its kind; the order of keys is the order of lists. */
export function objectKey(namespace: string | undefined, name: string): string {
  return namespace === undefined || namespace === '' ? name : `${namespace}/${name}`;
}

/** The key of a stored object. */
export function keyOf(object: KubeObject): string {
  return objectKey(object.metadata.namespace, object.metadata.name);
}

/** The object with other metadata. */
export function withMetadata(object: JsonRecord, metadata: ObjectMeta): KubeObject {
  // apiVersion and kind were checked when the object came in.
  return { ...object, metadata } as unknown as KubeObject;
}
