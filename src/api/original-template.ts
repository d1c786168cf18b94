import { isJsonList, isJsonObject, jsonObject, type JsonObject } from './json-value.ts';
import type { Json } from './object.ts';
import { podTemplateHash } from './pod-template-hash.ts';
import type { PodTemplateSpec } from './pod-template.ts';

/** What is known about the template that is looked for. */
export interface OriginalTemplateHints {
  /** Its hash. */
  readonly hash: string;
  /** A template that was probably written in the same style. */
  readonly guide: PodTemplateSpec;
  readonly collisionCount: number | undefined;
}

/**
 * The template of a Rollout from that of its ReplicaSet, in which the API server filled in defaults: the hash, by which
 * revisions are recognised, is that of the text before. Guesses which of the defaults were written out; the hash tells
 * whether a guess is right. When none is, the ReplicaSet's template is as good, and makes a revision of its own.
 */
export function originalTemplate(template: PodTemplateSpec, hints: OriginalTemplateHints): PodTemplateSpec {
  const { hash, guide, collisionCount } = hints;
  // Templates are JSON; their open fields are typed `unknown`.
  const whole = template as JsonObject;
  const guesses = [whole, withoutDefaults(whole, guide as JsonObject), withoutDefaults(whole, undefined)];
  const counts = collisionCount === undefined ? [undefined] : [undefined, collisionCount];
  const found = guesses.find((guess) => counts.some((count) => podTemplateHash(guess, count) === hash));
  return found ?? whole;
}

/** Defaults of core/v1 by the field they stand in, wherever that is in a pod template. */
const defaults: Readonly<Record<string, readonly Json[]>> = {
  restartPolicy: ['Always'],
  terminationGracePeriodSeconds: [30],
  dnsPolicy: ['ClusterFirst'],
  securityContext: [{}],
  schedulerName: ['default-scheduler'],
  resources: [{}],
  terminationMessagePath: ['/dev/termination-log'],
  terminationMessagePolicy: ['File'],
  imagePullPolicy: ['Always', 'IfNotPresent'],
  timeoutSeconds: [1],
  periodSeconds: [10],
  successThreshold: [1],
  failureThreshold: [3],
  path: ['/'],
  scheme: ['HTTP'],
  apiVersion: ['v1'],
  defaultMode: [0o644],
  type: [''],
  emptyDir: [{}],
  creationTimestamp: [null],
};

/** Keys under which users keep names of their own, which are no fields. */
const opaque: ReadonlySet<string> = new Set(['labels', 'annotations', 'nodeSelector', 'limits', 'requests']);

/** The value without fields that hold a default, unless the guide has the same at the same place. */
function withoutDefaults(value: JsonObject, guide: JsonObject | undefined): JsonObject {
  const entries = Object.entries(value).flatMap(([key, item]): [string, Json][] => {
    const guideItem = guide?.[key];
    if (guideItem === undefined && isDefault(key, item, value)) return [];
    return [[key, opaque.has(key) ? item : inner(item, guideItem)]];
  });
  return jsonObject(entries);
}

function isDefault(key: string, item: Json, parent: JsonObject): boolean {
  // The old name of a field that the API server keeps equal to the new one.
  if (key === 'serviceAccount') return item === parent['serviceAccountName'];
  const known = Object.hasOwn(defaults, key) ? (defaults[key] ?? []) : [];
  return known.some((value) => JSON.stringify(value) === JSON.stringify(item));
}

function inner(item: Json, guide: Json | undefined): Json {
  if (isJsonObject(item)) return withoutDefaults(item, isJsonObject(guide) ? guide : undefined);
  if (!isJsonList(item)) return item;
  const guides = isJsonList(guide) ? guide : [];
  return item.map((one, index) => inner(one, counterpart(one, index, guides)));
}

/** Lists of a template are keyed by name where their items have one. */
function counterpart(item: Json, index: number, guides: readonly Json[]): Json | undefined {
  const name = isJsonObject(item) ? item['name'] : undefined;
  if (name === undefined) return guides[index];
  return guides.find((guide) => isJsonObject(guide) && guide['name'] === name);
}
