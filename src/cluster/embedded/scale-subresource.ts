import type { Json, KubeObject } from '../../api/object.ts';
import { SluiceError } from '../../base/error.ts';
import { setOfPaths, type FieldSet } from './fields/field-set.ts';
import { isRecord, jsonAt, jsonOf, type JsonRecord } from './json.ts';
import type { ScalePaths } from './resource-traits.ts';

/** The Scale (autoscaling/v1) of an object, as its scale subresource answers it. */
export function scaleOf(object: KubeObject, paths: ScalePaths): KubeObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector = paths.labelSelectorPath === undefined ? '' : at(object, paths.labelSelectorPath);
  const replicas = replicasOf(jsonOf(object), paths);
  return {
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
    },
    // A Scale leaves out replicas that are 0, as Go does.
    spec: replicas === 0 ? {} : { replicas },
    status: {
      replicas: at(object, paths.statusReplicasPath) ?? 0,
      ...(typeof selector === 'string' && selector !== '' ? { selector } : {}),
    },
  };
}

/** The object with the replicas of a Scale. Throws Invalid when they are no count. */
export function withScale(object: JsonRecord, scale: JsonRecord, paths: ScalePaths): JsonRecord {
  const replicas = jsonAt(scale, 'spec', 'replicas') ?? 0;
  if (typeof replicas !== 'number' || !Number.isInteger(replicas) || replicas < 0) {
    throw new SluiceError(
      'Invalid',
      `Scale.autoscaling is invalid: spec.replicas: Invalid value: ${JSON.stringify(replicas)}: ` +
        'must be an integer greater than or equal to 0',
    );
  }
  return setAt(object, split(paths.specReplicasPath), replicas);
}

/** How many replicas an object asks for. */
export function replicasOf(object: JsonRecord, paths: ScalePaths): Json {
  return jsonAt(object, ...split(paths.specReplicasPath)) ?? 0;
}

/** The replicas as a set of owned fields. */
export function replicasField(paths: ScalePaths): FieldSet {
  return setOfPaths([split(paths.specReplicasPath).map((key) => `f:${key}`)]);
}

function at(object: KubeObject, path: string): Json | undefined {
  return jsonAt(object, ...split(path));
}

function split(path: string): readonly string[] {
  return path.replace(/^\./, '').split('.');
}

function setAt(record: JsonRecord, path: readonly string[], value: Json): JsonRecord {
  const [key = '', ...rest] = path;
  const inner = record[key];
  return { ...record, [key]: rest.length === 0 ? value : setAt(isRecord(inner) ? inner : {}, rest, value) };
}
