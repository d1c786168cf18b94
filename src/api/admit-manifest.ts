import { resourceSchemas, type RolloutApiKind } from './crd.ts';
import { forbidden, notSupported, type FieldError, type FieldErrors } from './field-error.ts';
import type { SetMember } from './manifest-set.ts';
import type { ManifestObject } from './manifest.ts';
import { apiVersionOf, type Json, type KubeObject } from './object.ts';
import { admit } from './structural.ts';
import { unknownFields } from './unknown-fields.ts';

/** A finding before its place in a file is known. */
export interface RawFinding {
  readonly severity: 'error' | 'warning';
  readonly error: FieldError;
}

/** A manifest after the schema of its kind was applied. */
export interface AdmittedManifest extends SetMember {
  /** undefined for objects of other APIs, which are taken as they are. */
  readonly kind: RolloutApiKind | undefined;
  readonly findings: readonly RawFinding[];
}

/** Applies the schema of the object's kind, as an API server does when it stores the object. */
export function admitManifest({ object }: ManifestObject): AdmittedManifest {
  const resource = object.apiVersion.startsWith('argoproj.io/')
    ? Object.values(resourceSchemas).find(({ type }) => type.kind === object.kind)
    : undefined;
  // The group also has kinds of other products, such as Application.
  if (resource === undefined) return { object, kind: undefined, isReadable: true, findings: [] };
  const wanted = apiVersionOf(resource.type);
  if (object.apiVersion !== wanted) {
    const findings = errorFindings([notSupported('apiVersion', object.apiVersion, [wanted])]);
    return { object, kind: undefined, isReadable: false, findings };
  }
  const given = object as unknown as Json;
  const { value, errors: refusals } = admit(resource.schema, given, { isResource: true });
  const unknown = unknownFields(given, value).map((field) => forbidden(field, 'there is no such field; it is ignored'));
  return {
    object: value as unknown as KubeObject,
    kind: resource.type.kind as RolloutApiKind,
    // What the schema refuses is never stored, and the rules rely on the types that it promises. The rules for pod
    // templates do not.
    isReadable: refusals.every(({ field }) => field.startsWith('spec.template.')),
    findings: [
      ...errorFindings(
        refusals.map(({ field, reason, value: wrong, message }) => ({
          field,
          type: reason,
          value: wrong,
          detail: message,
        })),
      ),
      ...warningFindings(unknown),
    ],
  };
}

/** Mistakes that stop the controller. */
export function errorFindings(list: FieldErrors): readonly RawFinding[] {
  return list.map((error) => ({ severity: 'error', error }));
}

/** What does not do what it seems to do, but stops nothing. */
export function warningFindings(list: FieldErrors): readonly RawFinding[] {
  return list.map((error) => ({ severity: 'warning', error }));
}
