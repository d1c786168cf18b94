import { dnsSubdomainProblems } from '../../api/name-syntax.ts';
import type { Json, ResourceType } from '../../api/object.ts';
import { admit, type Admission, type FieldError, type StructuralSchema } from '../../api/structural.ts';
import { emptySet, setOfPaths } from './fields/field-set.ts';
import { customFieldType } from './fields/field-type.ts';
import { asRecord, equalJson, without, type JsonRecord } from './json.ts';
import { invalidObject, type ResourceTraits, type ScalePaths } from './resource-traits.ts';

/** A kind that is served like one of a CustomResourceDefinition. */
export interface CustomResource {
  readonly type: ResourceType;
  /** Without a schema every field is kept as it is. */
  readonly schema?: StructuralSchema;
  readonly subresources: {
    readonly status?: object;
    readonly scale?: ScalePaths;
  };
}

/** Traits of a custom resource. */
export function customTraits({ type, schema, subresources }: CustomResource): ResourceTraits {
  const hasStatus = subresources.status !== undefined;
  return {
    type,
    custom: true,
    fieldType: customFieldType(schema),
    blank: {},
    hasStatus,
    scale: subresources.scale,
    reset: { main: hasStatus ? setOfPaths([['f:status']]) : emptySet, status: setOfPaths([['f:spec']]) },
    statusTakesMetadata: false,
    bumpsGeneration: (previous, next) => !equalJson(contentOf(previous, hasStatus), contentOf(next, hasStatus)),
    unconditionalUpdate: false,
    createOnUpdate: false,
    selectableFields: [],
    nameProblems: dnsSubdomainProblems,
    admit: schema === undefined ? (object) => object : admission(type, schema),
    prepareCreate: (object) => object,
    problems: () => [],
    gracePeriod: undefined,
    markDeleted: undefined,
  };
}

/** Everything but metadata counts for the generation; the status only where it has no subresource. */
function contentOf(object: JsonRecord, hasStatus: boolean): JsonRecord {
  const content = without(object, 'metadata');
  return hasStatus ? without(content, 'status') : content;
}

const identityFields = ['apiVersion', 'kind', 'metadata'];

/**
 * Admits an object part by part, so that the parts which a write leaves alone cost nothing: first the object with its
 * top-level fields taken as they are, then each field that changed.
 */
function admission(type: ResourceType, schema: StructuralSchema): ResourceTraits['admit'] {
  const parts = Object.entries(schema.properties ?? {})
    .filter(([key]) => !identityFields.includes(key))
    .map(([key, part]) => ({ key, part, hasRules: hasRules(part) }));
  const shells = Object.fromEntries(parts.map(({ key, part }) => [key, shellOf(part)]));
  const shell: StructuralSchema = { ...schema, properties: shells };
  const isComplete = completeness(schema);
  return (object, previous) => {
    const whole = isComplete(object) ? { value: object, errors: [] } : admit(shell, object, { isResource: true });
    const admitted = { ...asRecord(whole.value) };
    const errors: FieldError[] = [...whole.errors];
    for (const { key, part, hasRules: compares } of parts) {
      const value = admitted[key];
      const before = previous?.[key];
      if (value === undefined || value === before) continue;
      const inner = admitPart(part, key, value, { before, compares });
      admitted[key] = inner.value;
      errors.push(...inner.errors);
    }
    if (errors.length > 0) throw invalidObject(type, nameOf(object), errors.map(describeError));
    return admitted;
  };
}

/**
 * Admits one top-level field. What was there before is looked at only when it can make a difference: to excuse old
 * errors, or for rules that compare. That is seldom, and takes as long again.
 */
function admitPart(
  part: StructuralSchema,
  path: string,
  value: Json,
  { before, compares }: { readonly before: Json | undefined; readonly compares: boolean },
): Admission {
  if (before !== undefined && compares) return admit(part, value, { path, previous: before });
  const admitted = admit(part, value, { path });
  if (before === undefined || admitted.errors.length === 0) return admitted;
  return admit(part, value, { path, previous: before });
}

function hasRules(schema: StructuralSchema): boolean {
  if ((schema['x-kubernetes-validations'] ?? []).length > 0) return true;
  const { items, additionalProperties, properties = {} } = schema;
  const inner = [...Object.values(properties), items, additionalProperties];
  return inner.some((one) => typeof one === 'object' && hasRules(one));
}

const plainRootKeywords = ['type', 'description', 'properties', 'required'];

/** Tells objects whose top level needs no look: every field known and none that could be filled in or missed. */
function completeness(schema: StructuralSchema): (object: JsonRecord) => boolean {
  const isPlainRoot = Object.keys(schema).every((keyword) => plainRootKeywords.includes(keyword));
  const known = new Set([...Object.keys(schema.properties ?? {}), ...identityFields]);
  const defaulted = Object.entries(schema.properties ?? {}).filter(([, part]) => part.default !== undefined);
  const needed = [...(schema.required ?? []), ...defaulted.map(([key]) => key)];
  return (object) => {
    if (!isPlainRoot) return false;
    for (const key in object) if (!known.has(key) || object[key] === null) return false;
    return needed.every((key) => key in object);
  };
}

function shellOf(part: StructuralSchema): StructuralSchema {
  return {
    'x-kubernetes-preserve-unknown-fields': true,
    ...(part.nullable === undefined ? {} : { nullable: part.nullable }),
    ...(part.default === undefined ? {} : { default: part.default }),
  };
}

const reasonTexts: Readonly<Record<FieldError['reason'], string>> = {
  FieldValueRequired: 'Required value',
  FieldValueInvalid: 'Invalid value',
  FieldValueTypeInvalid: 'Invalid value',
  FieldValueNotSupported: 'Unsupported value',
  FieldValueDuplicate: 'Duplicate value',
  FieldValueTooLong: 'Too long',
  FieldValueTooMany: 'Too many',
};

function describeError({ field, reason, value, message }: FieldError): string {
  const shown = reason === 'FieldValueRequired' ? '' : `: ${JSON.stringify(value)}`;
  return `${field}: ${reasonTexts[reason]}${shown}: ${message}`;
}

function nameOf(object: JsonRecord): string {
  const name = asRecord(object['metadata'])?.['name'];
  return typeof name === 'string' ? name : '';
}
