import { resourceSchemas, type RolloutApiKind } from './crd.ts';
import { forbidden, notSupported, type FieldError, type FieldErrors } from './field-error.ts';
import type { SetMember } from './manifest-set.ts';
import type { ManifestObject } from './manifest.ts';
import { apiVersionOf, type Json, type KubeObject } from './object.ts';
import { readableForms } from './readable-form.ts';
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
  /**
   * Forms with the types that the rules rely on: the object itself, or, where the schema refuses parts of it, the
   * object with these parts put right in several ways. A mistake that all forms have does not come from these parts.
   */
  readonly readableForms: readonly KubeObject[];
  readonly findings: readonly RawFinding[];
}

/** Applies the schema of the object's kind, as an API server does when it stores the object. */
export function admitManifest({ object }: ManifestObject): AdmittedManifest {
  const resource = object.apiVersion.startsWith('argoproj.io/')
    ? Object.values(resourceSchemas).find(({ type }) => type.kind === object.kind)
    : undefined;
  // The group also has kinds of other products, such as Application.
  if (resource === undefined) return untouched(object, []);
  const wanted = apiVersionOf(resource.type);
  if (object.apiVersion !== wanted) {
    return untouched(object, errorFindings([notSupported('apiVersion', object.apiVersion, [wanted])]));
  }
  const given = object as unknown as Json;
  const { value, errors: refusals } = admit(resource.schema, given, { isResource: true });
  const unknown = unknownFields(given, value).map((field) => forbidden(field, 'there is no such field; it is ignored'));
  const isReadable = refusals.every(({ field }) => field.startsWith('spec.template.'));
  const forms = isReadable ? [value] : readableForms(resource.schema, value, keptPaths);
  return {
    object: value as unknown as KubeObject,
    kind: resource.type.kind as RolloutApiKind,
    isReadable,
    readableForms: forms as unknown as readonly KubeObject[],
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

/** An object that no schema of ours was applied to. */
function untouched(object: KubeObject, findings: readonly RawFinding[]): AdmittedManifest {
  return { object, kind: undefined, isReadable: findings.length === 0, readableForms: [], findings };
}

/** The rules for pod templates do not rely on types, so a template stays as it was written. */
const keptPaths: ReadonlySet<string> = new Set(['spec.template']);

/** Mistakes that stop the controller. */
export function errorFindings(list: FieldErrors): readonly RawFinding[] {
  return list.map((error) => ({ severity: 'error', error }));
}

/** What does not do what it seems to do, but stops nothing. */
export function warningFindings(list: FieldErrors): readonly RawFinding[] {
  return list.map((error) => ({ severity: 'warning', error }));
}
