import type { AnalysisTemplateReference } from './analysis-reference.ts';
import type { AnalysisTemplate } from './analysis-template.ts';
import type { KubeObject } from './object.ts';
import type { RouterObjectReference } from './rollout-reference.ts';
import type { Found } from './validate-references.ts';

/** An object of a set of files. */
export interface SetMember {
  readonly object: KubeObject;
  /** False when its form is so wrong that nobody should look into it. */
  readonly isReadable: boolean;
}

/** The objects of a set of files, to look up what an object of the set refers to. */
export interface ManifestSet {
  /**
   * The object of a kind and name in a namespace. A manifest without namespace is taken to be in any. `unknown` when
   * the set has no object of this kind at all (such objects are then kept somewhere else), or an unreadable one.
   */
  readonly find: (kind: string, name: string, namespace: string | undefined) => Found<KubeObject>;
}

/** Makes a set from the objects of all files. */
export function manifestSet(members: readonly SetMember[]): ManifestSet {
  const byKind = Map.groupBy(members, ({ object }) => object.kind);
  return {
    find: (kind, name, namespace) => {
      const candidates = byKind.get(kind);
      if (candidates === undefined) return 'unknown';
      const found = candidates.find(
        ({ object: { metadata } }) => metadata.name === name && sameNamespace(metadata.namespace, namespace),
      );
      return found === undefined || found.isReadable ? found?.object : 'unknown';
    },
  };
}

/** The template that a reference means. */
export function findTemplate(
  set: ManifestSet,
  reference: AnalysisTemplateReference,
  namespace: string | undefined,
): Found<AnalysisTemplate> {
  const kind = reference.clusterScope === true ? 'ClusterAnalysisTemplate' : 'AnalysisTemplate';
  // A readable member of this kind has passed the schema of templates.
  return set.find(kind, reference.templateName ?? '', namespace) as Found<AnalysisTemplate>;
}

/** The router object that a reference means. */
export function findRouterObject(
  set: ManifestSet,
  reference: RouterObjectReference,
  namespace: string | undefined,
): Found<KubeObject> {
  return set.find(reference.kind, reference.name, reference.namespace ?? namespace);
}

function sameNamespace(left: string | undefined, right: string | undefined): boolean {
  return left === undefined || right === undefined || left === right;
}
