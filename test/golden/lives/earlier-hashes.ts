import { earlierPodTemplateHash, hashLabel, podTemplateHash } from '../../../src/api/pod-template-hash.ts';
import type { PodTemplateSpec } from '../../../src/api/pod-template.ts';
import { readPath } from './life-path.ts';
import type { RecordedLife } from './life.ts';

/** The same life as a controller with older libraries would have lived it: every revision has its earlier hash. */
export function withEarlierHashes(life: RecordedLife): RecordedLife {
  const renamed = new Map<string, string>();
  for (const { kind, change } of life.trace) {
    const template = kind === 'ReplicaSet' ? readPath(change, 'spec.template') : undefined;
    const hash = readPath(change, `metadata.labels.${hashLabel}`);
    if (template === undefined || typeof hash !== 'string') continue;
    const own = asWritten(template as PodTemplateSpec);
    // A collision count would be part of the hash.
    if (podTemplateHash(own) === hash) renamed.set(hash, earlierPodTemplateHash(own));
  }
  const text = [...renamed].reduce((done, [from, to]) => done.replaceAll(from, to), JSON.stringify(life));
  return JSON.parse(text) as RecordedLife;
}

/** Without the label, and without the default that was recorded with it. */
function asWritten({ metadata, spec }: PodTemplateSpec): PodTemplateSpec {
  const { [hashLabel]: _, ...labels } = metadata?.labels ?? {};
  const { restartPolicy: __, ...written } = spec ?? {};
  return { metadata: { ...metadata, labels }, spec: written };
}
