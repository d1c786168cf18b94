import { recordOf, textMapOf } from '../api/json-access.ts';
import { mergeDiff } from '../api/merge-diff.ts';
import type { KubeObject } from '../api/object.ts';
import { originalTemplate } from '../api/original-template.ts';
import { podMetadataAnnotation, readPodMetadata } from '../api/pod-metadata.ts';
import { hashLabel } from '../api/pod-template-hash.ts';
import type { PodTemplateSpec } from '../api/pod-template.ts';
import { fail, succeed } from '../base/result.ts';
import { currentRevision, currentTemplate } from './command-target.ts';
import type { CommandSubject, PlannedCommand } from './command.ts';
import { templatePatch } from './image-command.ts';
import { revisionAnnotation } from './revision.ts';

interface Revision {
  readonly number: number;
  readonly hash: string;
  readonly replicaSet: KubeObject;
}

/** Plans a revision with the pod template of an earlier one. */
export function planUndo(subject: CommandSubject, toRevision: number | undefined): PlannedCommand {
  const { name } = subject.rollout.metadata;
  const current = currentRevision(subject);
  const revisions = subject.replicaSets.flatMap(readRevision).sort((left, right) => right.number - left.number);
  const chosen =
    toRevision === undefined || toRevision === 0
      ? revisions.find(({ hash }) => hash !== current)
      : revisions.find(({ number }) => number === toRevision);
  if (chosen === undefined) return fail({ code: 'NotFound', message: missing(name, toRevision, revisions) });
  if (chosen.hash === current) return succeed({ patches: [], message: `is at revision ${chosen.number} already` });
  const template = currentTemplate(subject);
  const earlier = originalTemplate(templateOf(chosen.replicaSet), {
    hash: chosen.hash,
    guide: template,
    collisionCount: subject.rollout.status?.collisionCount,
  });
  const patch = mergeDiff({ ...template }, { ...earlier });
  if (patch === undefined) return succeed({ patches: [], message: `is at revision ${chosen.number} already` });
  const message = `goes back to the template of revision ${chosen.number}`;
  return succeed({ patches: [templatePatch(subject, patch)], message });
}

function readRevision(replicaSet: KubeObject): Revision[] {
  const { annotations = {}, labels = {}, deletionTimestamp } = replicaSet.metadata;
  const number = annotations[revisionAnnotation] ?? '';
  if (deletionTimestamp !== undefined || !/^\d{1,9}$/.test(number)) return [];
  return [{ number: Number(number), hash: labels[hashLabel] ?? '', replicaSet }];
}

/** The template without the labels and annotations that the controller added. */
function templateOf(replicaSet: KubeObject): PodTemplateSpec {
  const template: PodTemplateSpec = recordOf(recordOf(replicaSet['spec'])['template']);
  const { annotations: notes = {} } = replicaSet.metadata;
  const added = readPodMetadata(notes[podMetadataAnnotation]);
  const { labels, annotations, ...rest } = template.metadata ?? {};
  const kept = without(textMapOf(annotations), added.annotations);
  return {
    ...template,
    metadata: {
      ...rest,
      labels: without(textMapOf(labels), { ...added.labels, [hashLabel]: '' }),
      ...(annotations === undefined || (Object.keys(kept).length === 0 && Object.keys(added.annotations).length > 0)
        ? {}
        : { annotations: kept }),
    },
  };
}

function without(
  values: Readonly<Record<string, string>>,
  removed: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(values).filter(([key]) => !Object.hasOwn(removed, key)));
}

function missing(name: string, toRevision: number | undefined, revisions: readonly Revision[]): string {
  if (toRevision === undefined || toRevision === 0) return `${name} has no earlier revision to go back to`;
  const known = revisions.map(({ number }) => number).join(', ');
  return `${name} has no revision ${toRevision}; there is ${known === '' ? 'none' : known}`;
}
