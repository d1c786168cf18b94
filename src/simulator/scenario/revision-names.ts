import { listOf, recordOf, textOf, type JsonRecord } from '../../api/json-access.ts';
import type { KubeObject } from '../../api/object.ts';
import { hashLabel } from '../../api/pod-template-hash.ts';
import { experimentTemplateAnnotation } from '../../engine/experiment/experiment-world.ts';

/** Calls revisions by the images of their pods, which readers know, instead of by their hashes. */
export class RevisionNames {
  readonly #names = new Map<string, string>();

  /** Takes the name of a ReplicaSet's revision from its image; a second one with the same image gets a number. */
  learn(replicaSet: KubeObject): void {
    const hash = this.hashOf(replicaSet);
    if (hash === '' || this.#names.has(hash)) return;
    const template = replicaSet.metadata.annotations?.[experimentTemplateAnnotation];
    const image = textOf(containerOf(replicaSet)['image']) + (template === undefined ? '' : ` (${template})`);
    const others = [...this.#names.values()].filter((name) => name === image || name.startsWith(`${image}#`)).length;
    this.#names.set(hash, others === 0 ? image : `${image}#${others + 1}`);
  }

  hashOf({ metadata }: KubeObject): string {
    return metadata.labels?.[hashLabel] ?? '';
  }

  of(hash: string): string {
    return this.#names.get(hash) ?? hash;
  }

  /** The text with every known hash replaced. */
  mask(text: string): string {
    let masked = text;
    for (const [hash, name] of this.#names) masked = masked.replaceAll(hash, name);
    return masked;
  }
}

/** The first container of the pods that a workload makes. */
export function containerOf(workload: KubeObject): JsonRecord {
  const template = recordOf(recordOf(workload['spec'])['template']);
  const [container] = listOf(recordOf(template['spec'])['containers']).map(recordOf);
  return container ?? {};
}
