import { compareUtf8, goString } from '../../api/go-string.ts';
import { listOf, optionalRecord, textOf, type JsonRecord } from '../../api/json-access.ts';
import type { KubeObject } from '../../api/object.ts';
import { parseJson } from './alb-action.ts';

/** Annotation that names, for every Rollout, the annotations of the Ingress that it manages. */
export const albOwnershipAnnotation = 'rollouts.argoproj.io/managed-alb-annotations';

/** What every Rollout manages; undefined when the annotation cannot be read. */
export function albOwnership({ metadata }: KubeObject): JsonRecord | undefined {
  const text = metadata.annotations?.[albOwnershipAnnotation] ?? '';
  return text === '' ? {} : optionalRecord(parseJson(text) ?? undefined);
}

/** The annotations that a Rollout manages. */
export function ownedAnnotations(ownership: JsonRecord, rollout: string): readonly string[] {
  return listOf(ownership[rollout]).map(textOf);
}

/** The annotation's text, printed as Go prints a map: names sorted by their bytes. */
export function albOwnershipText(ownership: JsonRecord, rollout: string, owned: readonly string[]): string {
  const entries = Object.entries({ ...ownership, [rollout]: owned }).sort(([left], [right]) =>
    compareUtf8(left, right),
  );
  const printed = entries.map(([name, value]) => `${goString(name)}:${valueText(value)}`);
  return `{${printed.join(',')}}`;
}

function valueText(value: unknown): string {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
    ? `[${value.map(goString).join(',')}]`
    : JSON.stringify(value);
}
