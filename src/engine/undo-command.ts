import { recordOf, textMapOf } from '../api/json-access.ts';
import { mergeDiff } from '../api/merge-diff.ts';
import type { KubeObject } from '../api/object.ts';
import { originalTemplate } from '../api/original-template.ts';
import type { PodTemplateSpec } from '../api/pod-template.ts';
import { fail, succeed } from '../base/result.ts';
import { currentRevision, currentTemplate } from './command-target.ts';
import type { CommandSubject, PlannedCommand } from './command.ts';
import { templatePatch } from './image-command.ts';
import { revisionAnnotation } from './revision.ts';

/** Label of a ReplicaSet and its pods with the hash of their revision. */
const hashLabel = 'rollouts-pod-template-hash';

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

/** The template without the label that the controller added. */
function templateOf(replicaSet: KubeObject): PodTemplateSpec {
  const template: PodTemplateSpec = recordOf(recordOf(replicaSet['spec'])['template']);
  const labels = Object.entries(textMapOf(template.metadata?.labels)).filter(([key]) => key !== hashLabel);
  return { ...template, metadata: { ...template.metadata, labels: Object.fromEntries(labels) } };
}

function missing(name: string, toRevision: number | undefined, revisions: readonly Revision[]): string {
  if (toRevision === undefined || toRevision === 0) return `${name} has no earlier revision to go back to`;
  const known = revisions.map(({ number }) => number).join(', ');
  return `${name} has no revision ${toRevision}; there is ${known === '' ? 'none' : known}`;
}
