import { numberOf, recordOf, textOf } from '../../api/json-access.ts';
import type { RolloutPicture } from '../invariants/rollout-picture.ts';
import { stageNamespace, type Stage } from './stage.ts';
import type { Happening } from './story.ts';

/** Something that can be seen in a scenario. `happening` is what is new at this moment. */
export type Condition = (stage: Stage, happenings: readonly Happening[]) => boolean;

interface ConditionKind {
  readonly pattern: RegExp;
  readonly usage: string;
  make(groups: Readonly<Record<string, string>>): Condition;
}

/** Reads a condition; fails with what would be right. `NAME:` in front of it means another Rollout than the first. */
export function parseCondition(text: string): Condition | string {
  const [, name, rest = text] = /^([a-z0-9-]+): (.+)$/u.exec(text) ?? [];
  for (const kind of conditionKinds) {
    const match = kind.pattern.exec(rest.trim());
    if (match !== null) return kind.make({ ...match.groups, ...(name === undefined ? {} : { name }) });
  }
  return `"${text}" is no condition; conditions are:\n${conditionKinds.map(({ usage }) => `  ${usage}`).join('\n')}`;
}

const comparison = '(?<comparison>is|above|below) (?<number>\\d+(\\.\\d+)?)';

const conditionKinds: readonly ConditionKind[] = [
  number(
    'share of (?<image>\\S+)',
    '%?',
    'share of IMAGE is|above|below N%',
    (stage, { name, image = '' }) => Math.round(shareOf(stage, image, name) * 1000) / 10,
  ),
  number('weight', '', 'weight is|above|below N', (stage, { name }) => stage.picture(name)?.canaryWeight ?? 0),
  number('step', '', 'step is|above|below N', (stage, { name }) => stage.picture(name)?.stepIndex ?? -1),
  number('available pods of (?<image>\\S+)', '', 'available pods of IMAGE is|above|below N', (stage, groups) =>
    sum(setsOf(stage, groups), ({ available }) => available),
  ),
  number('available pods', '', 'available pods is|above|below N', (stage, { name }) =>
    sum(stage.picture(name)?.sets ?? [], ({ available }) => available),
  ),
  number('pods of (?<image>\\S+)', '', 'pods of IMAGE is|above|below N', (stage, groups) =>
    sum(setsOf(stage, groups), ({ replicas }) => replicas),
  ),
  number('pods of the deployment', '', 'pods of the deployment is|above|below N', (stage, { name }) => {
    const picture = stage.picture(name);
    const [, called = ''] = picture?.key.split('/') ?? [];
    const deployment = stage.world.ledger.get('Deployment', stageNamespace, called);
    return numberOf(recordOf(deployment?.['spec'])['replicas']) ?? 0;
  }),
  number('pods', '', 'pods is|above|below N', (stage, { name }) =>
    sum(stage.picture(name)?.sets ?? [], ({ replicas }) => replicas),
  ),
  number(
    'unserved requests',
    '%?',
    'unserved requests above N%',
    (stage, { name }) => Math.round(unservedOf(stage, name) * 1000) / 10,
  ),
  {
    pattern: /^phase is (?<phase>\w+)$/u,
    usage: 'phase is Healthy|Progressing|Paused|Degraded',
    make:
      ({ phase, name }) =>
      (stage) =>
        stage.picture(name)?.status['phase'] === phase,
  },
  {
    pattern: /^stable is (?<image>\S+)$/u,
    usage: 'stable is IMAGE',
    make:
      ({ image = '', name }) =>
      (stage) => {
        const picture = stage.picture(name);
        return picture !== undefined && imageOfHash(picture, picture.stableHash) === image;
      },
  },
  {
    pattern: /^service (?<service>\S+) leads to (?<image>\S+)$/u,
    usage: 'service NAME leads to IMAGE',
    make:
      ({ service = '', image = '', name }) =>
      (stage) => {
        const picture = stage.picture(name);
        return picture !== undefined && imageOfHash(picture, picture.serviceHash(service) ?? '') === image;
      },
  },
  {
    pattern: /^event (?<reason>\w+)$/u,
    usage: 'event REASON',
    make:
      ({ reason }) =>
      (_stage, happenings) =>
        happenings.some(({ kind, what }) => kind === 'event' && what === reason),
  },
  {
    pattern: /^a write$/u,
    usage: 'a write',
    make: () => (_stage, happenings) => happenings.some(({ kind }) => kind === 'write'),
  },
  {
    pattern: /^analysis is (?<phase>\w+)$/u,
    usage: 'analysis is Running|Successful|Failed|Error|Inconclusive',
    make:
      ({ phase, name }) =>
      (stage) =>
        lastRunPhase(stage, name) === phase,
  },
  {
    pattern: /^the rollout is gone$/u,
    usage: 'the rollout is gone',
    make:
      ({ name }) =>
      (stage) =>
        stage.picture(name) === undefined && [...stage.world.ledger.all('ReplicaSet')].length === 0,
  },
];

function number(
  subject: string,
  unit: string,
  usage: string,
  read: (stage: Stage, groups: Readonly<Record<string, string>>) => number,
): ConditionKind {
  return {
    pattern: new RegExp(`^${subject} ${comparison}${unit}$`, 'u'),
    usage,
    make: (groups) => {
      const bound = Number(groups['number']);
      switch (groups['comparison']) {
        case 'above':
          return (stage) => read(stage, groups) > bound;
        case 'below':
          return (stage) => read(stage, groups) < bound;
        default:
          return (stage) => read(stage, groups) === bound;
      }
    },
  };
}

function sum<Item>(items: readonly Item[], count: (item: Item) => number): number {
  return items.reduce((total, item) => total + count(item), 0);
}

function setsOf(stage: Stage, { name, image }: Readonly<Record<string, string>>) {
  const picture = stage.picture(name);
  return picture === undefined ? [] : picture.sets.filter(({ hash }) => imageOfHash(picture, hash) === image);
}

/** Image of the pods of a revision. */
export function imageOfHash(picture: RolloutPicture, hash: string): string {
  const name = picture.setOf(hash)?.name ?? '';
  const set = picture.scene.ledger.get('ReplicaSet', picture.namespace, name);
  const pod = recordOf(recordOf(recordOf(set?.['spec'])['template'])['spec']);
  const [container] = (pod['containers'] ?? []) as readonly unknown[];
  return textOf(recordOf(container)['image']);
}

function frontendOf(stage: Stage, name: string | undefined) {
  const key = stage.picture(name)?.key ?? '';
  return stage.world.dataPlane.frontend(key);
}

function shareOf(stage: Stage, image: string, name: string | undefined): number {
  const { dataPlane } = stage.world;
  const frontend = frontendOf(stage, name);
  if (frontend === undefined) return 0;
  return sum(dataPlane.flow(frontend).pods, ({ pod, share }) => (dataPlane.pod(pod)?.image === image ? share : 0));
}

function unservedOf(stage: Stage, name: string | undefined): number {
  const frontend = frontendOf(stage, name);
  return frontend === undefined ? 0 : stage.world.dataPlane.flow(frontend).unserved;
}

function lastRunPhase(stage: Stage, name: string | undefined): string {
  const runs = [...stage.world.ledger.ownedBy('AnalysisRun', stage.picture(name)?.uid ?? '')];
  return textOf(recordOf(runs.at(-1)?.['status'])['phase']);
}
