import type { ExtraMetadata } from './analysis-reference.ts';
import { recordOf, textMapOf } from './json-access.ts';

/** Annotation of a ReplicaSet with the labels and annotations that its pods have beside those of their template. */
export const podMetadataAnnotation = 'rollout.argoproj.io/ephemeral-metadata';

/** Labels and annotations, each in the order of their names. */
export interface PodMetadata {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** No metadata beside those of the template. */
export const noMetadata: PodMetadata = { labels: {}, annotations: {} };

/** The metadata as a specification gives it. */
export function podMetadata({ labels = {}, annotations = {} }: ExtraMetadata = {}): PodMetadata {
  return { labels: byName(labels), annotations: byName(annotations) };
}

/** The metadata as its annotation has it; nothing when there is none. */
export function podMetadataText({ labels, annotations }: PodMetadata): string {
  const parts = Object.entries({ labels, annotations }).filter(([, values]) => Object.keys(values).length > 0);
  return parts.length === 0 ? '' : JSON.stringify(Object.fromEntries(parts));
}

/** Reads the annotation. One that cannot be read says that nothing was added. */
export function readPodMetadata(text: string | undefined): PodMetadata {
  try {
    const { labels, annotations } = recordOf(JSON.parse(text ?? '{}'));
    return podMetadata({ labels: textMapOf(labels), annotations: textMapOf(annotations) });
  } catch {
    return noMetadata;
  }
}

function byName(values: PodMetadata['labels']): PodMetadata['labels'] {
  return Object.fromEntries(Object.entries(values).toSorted(([left], [right]) => (left < right ? -1 : 1)));
}
