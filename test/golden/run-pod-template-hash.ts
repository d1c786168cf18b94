import type { Json } from '../../src/api/object.ts';
import { podTemplateHash, podTemplateJson, replicaSetName } from '../../src/api/pod-template-hash.ts';
import { podTemplateSchema, type PodTemplateSpec } from '../../src/api/pod-template.ts';
import { admit } from '../../src/api/structural.ts';

/** The input of a case of pod-template-hash.json. */
export interface PodTemplateInput {
  readonly template: PodTemplateSpec;
  readonly collisionCount?: number;
  readonly rolloutName?: string;
}

/** What a form of a template comes to. */
interface TemplateHash {
  readonly hash: string;
  readonly hashedJson?: string;
  readonly replicaSetName: string;
}

/** The expected part of a case of pod-template-hash.json. */
export interface PodTemplateOutput extends TemplateHash {
  readonly admitted: boolean;
  /** Fields for which the schema refuses it; none when it is admitted. */
  readonly rejectedFields: readonly string[];
  /** The form after the schema; none when it is refused. */
  readonly stored?: TemplateHash;
}

/** Hashes the template of a case as it is written and as the schema would store it. */
export function runPodTemplateHash(input: PodTemplateInput): PodTemplateOutput {
  const { value, errors } = admit(podTemplateSchema, input.template as Json, { path: 'spec.template' });
  const written = hashOf(input, input.template);
  const stored = hashOf(input, value as PodTemplateSpec);
  return {
    ...written,
    admitted: errors.length === 0,
    rejectedFields: [...new Set(errors.map(({ field }) => field))],
    ...(errors.length > 0 ? {} : { stored }),
  };
}

/** The recorded answer with what it leaves out. */
export function expectedPodTemplateHash(recorded: Partial<PodTemplateOutput>): PodTemplateOutput {
  const { stored, rejectedFields = [], ...written } = recorded;
  const whole = { ...written, rejectedFields } as PodTemplateOutput;
  if (stored === undefined) return whole;
  // The stored form's text is left out where it is the same as before.
  const { hashedJson = '' } = whole;
  return { ...whole, stored: { hashedJson, ...stored } };
}

function hashOf({ collisionCount, rolloutName = '' }: PodTemplateInput, template: PodTemplateSpec): TemplateHash {
  const hash = podTemplateHash(template, collisionCount);
  return { hash, hashedJson: podTemplateJson(template), replicaSetName: replicaSetName(rolloutName, hash) };
}
