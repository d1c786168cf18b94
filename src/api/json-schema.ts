import { customResourceDefinitions, type CustomResourceDefinition } from './crd.ts';
import type { StructuralSchema } from './structural.ts';

/** JSON Schema of one kind, as editors and validators read it. */
export interface KindSchema {
  /** For example `Rollout`. */
  readonly kind: string;
  readonly version: string;
  readonly schema: object;
}

const dialect = 'http://json-schema.org/draft-07/schema#';

/**
 * The JSON Schemas (draft 7) of the kinds of the Rollout API, made from the schemas of their definitions. Unlike an API
 * server, which drops what it does not know, they refuse unknown fields: to whoever writes a manifest these are typos.
 */
export function kindSchemas(): readonly KindSchema[] {
  return customResourceDefinitions.flatMap(schemasOf);
}

function schemasOf({ spec: { group, names, versions } }: CustomResourceDefinition): readonly KindSchema[] {
  return versions.map(({ name: version, schema: { openAPIV3Schema } }) => {
    const { properties = {}, required = [] } = openAPIV3Schema;
    const identity = {
      apiVersion: { const: `${group}/${version}` },
      kind: { const: names.kind },
      metadata: { type: 'object' },
    };
    return {
      kind: names.kind,
      version,
      schema: {
        $schema: dialect,
        title: names.kind,
        type: 'object',
        required: [...Object.keys(identity), ...required],
        properties: { ...propertiesOf(properties), ...identity },
        additionalProperties: false,
      },
    };
  });
}

/** What OpenAPI says in words of its own is said in those of JSON Schema; what only an API server needs is left out. */
function convert(schema: StructuralSchema): object {
  const { properties, items, nullable, anyOf, minimum, maximum, exclusiveMinimum, exclusiveMaximum, ...rest } = schema;
  const plain = Object.entries(rest).filter(([key]) => !key.startsWith('x-kubernetes-'));
  const types = [...typesOf(schema), ...(nullable === true ? ['null'] : [])];
  const changed = {
    type: types.length > 1 ? types : types[0],
    // The two alternatives of an int-or-string stand in its types.
    anyOf: schema['x-kubernetes-int-or-string'] === true ? undefined : anyOf,
    [exclusiveMinimum === true ? 'exclusiveMinimum' : 'minimum']: minimum,
    [exclusiveMaximum === true ? 'exclusiveMaximum' : 'maximum']: maximum,
    items: items && convert(items),
    properties: properties && propertiesOf(properties),
    additionalProperties: additionalOf(schema),
  };
  return Object.fromEntries([...plain, ...Object.entries(changed)].filter(([, value]) => value !== undefined));
}

function typesOf(schema: StructuralSchema): readonly string[] {
  if (schema['x-kubernetes-int-or-string'] === true) return ['integer', 'string'];
  return schema.type === undefined ? [] : [schema.type];
}

function propertiesOf(properties: Readonly<Record<string, StructuralSchema>>): object {
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, convert(schema)]));
}

function additionalOf(schema: StructuralSchema): object | false | undefined {
  const { type, properties, additionalProperties } = schema;
  if (typeof additionalProperties === 'object') return convert(additionalProperties);
  const isClosed = type === 'object' && properties !== undefined && additionalProperties === undefined;
  return isClosed && schema['x-kubernetes-preserve-unknown-fields'] !== true ? false : undefined;
}
