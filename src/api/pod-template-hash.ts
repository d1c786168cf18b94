import { unreachable } from '../base/invariant.ts';
import { fnv1a32 } from '../base/random.ts';
import { canaryStepsType } from './canary-step-struct.ts';
import { goJson } from './go-json.ts';
import type { GoField, GoType } from './go-struct.ts';
import type { Json } from './object.ts';
import { podTemplateStruct, type PodTemplateSpec } from './pod-template.ts';

/** Label of ReplicaSets and pods, and key of selectors, that names a revision by its hash. */
export const hashLabel = 'rollouts-pod-template-hash';

/**
 * The pod-template hash: FNV-1a (32 bits) over the template as Go prints it, then over the collision count if there is
 * one (a count of 0 is not the same as none), in the alphabet that Kubernetes uses for generated names. It depends on
 * the stored form of the template, so `admit` it first where the API server would have. Source: ComputePodTemplateHash
 * of the reference controller.
 */
export function podTemplateHash(template: PodTemplateSpec, collisionCount?: number): string {
  return safeName(fnv1a32(collisionBytes(collisionCount), fnv1a32(utf8(podTemplateJson(template)))));
}

/**
 * The hash that the same template has from controllers built with Kubernetes libraries before 0.34: their metadata
 * prints a creation time even when there is none.
 */
export function earlierPodTemplateHash(template: PodTemplateSpec, collisionCount?: number): string {
  earlierTemplateStruct ??= withPrintedTimes(podTemplateStruct);
  const text = goJson(earlierTemplateStruct, template as Json);
  return safeName(fnv1a32(collisionBytes(collisionCount), fnv1a32(utf8(text))));
}

/** Made when it is first needed: most processes never meet an older hash. */
let earlierTemplateStruct: GoType | undefined;

function withPrintedTimes(type: GoType): GoType {
  switch (type.kind) {
    case 'leaf':
      return type;
    case 'pointer':
    case 'list':
    case 'map':
      return { ...type, of: withPrintedTimes(type.of) };
    case 'struct':
      return { ...type, fields: type.fields.map(withPrintedTime) };
    default:
      return unreachable(type);
  }
}

function withPrintedTime(field: GoField): GoField {
  const isPrintedEmpty = field.isPrintedEmpty || field.name === 'creationTimestamp';
  return { ...field, type: withPrintedTimes(field.type), isPrintedEmpty };
}

/** The text of a template that is hashed, as Go's encoding/json prints it. */
export function podTemplateJson(template: PodTemplateSpec): string {
  // A template is JSON; its open fields are typed `unknown`.
  return goJson(podTemplateStruct, template as Json);
}

/** The name of the ReplicaSet of a revision. */
export function replicaSetName(rolloutName: string, hash: string): string {
  return `${rolloutName}-${hash}`;
}

/**
 * The hash of a canary's steps, which status.currentStepHash holds. Steps that are absent hash like `null`; a
 * blue/green rollout has an empty hash instead, which is the caller's to know.
 */
export function stepsHash(steps: readonly unknown[] | undefined): string {
  // Steps come from a stored object, so they are JSON.
  return safeName(fnv1a32(utf8(goJson(canaryStepsType, (steps ?? null) as Json))));
}

/** Without vowels and digits that look like letters, so that no words come about. */
const alphabet = 'bcdfghjklmnpqrstvwxz2456789';

function safeName(sum: number): string {
  return String(sum).replaceAll(/\d/g, (digit) => alphabet.charAt(digit.charCodeAt(0) % alphabet.length));
}

/** Eight bytes, of which the first four hold the count as an unsigned little-endian number. */
function collisionBytes(count: number | undefined): Uint8Array {
  if (count === undefined) return new Uint8Array(0);
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setUint32(0, count >>> 0, true);
  return bytes;
}

function utf8(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}
