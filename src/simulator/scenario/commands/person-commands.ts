import { recordOf } from '../../../api/json-access.ts';
import { resourceTypes } from '../../../api/resource-types.ts';
import { formatInstant } from '../../../base/instant.ts';
import type { Command, CommandTarget } from '../../../engine/command.ts';
import type { RolloutPicture } from '../../invariants/rollout-picture.ts';
import { durationMs, type CommandKind } from '../command-kind.ts';
import type { Act } from '../scenario.ts';
import { endlessCall, stageNamespace, type Stage } from '../stage.ts';

/** Commands of people: through our own interface, or by editing objects. */
export const personCommands: readonly CommandKind[] = [
  simple('promote', { kind: 'promote' }),
  simple('promote all of', { kind: 'promoteFull' }),
  simple('skip a step of', { kind: 'skipCurrentStep' }),
  simple('abort', { kind: 'abort' }),
  simple('retry', { kind: 'retry' }),
  simple('pause', { kind: 'pause' }),
  simple('resume', { kind: 'resume' }),
  {
    pattern: /^restart (?<name>\S+)$/u,
    usage: 'restart NAME',
    make:
      ({ groups: { name = '' } }) =>
      (stage) =>
        give(stage, name, { kind: 'restart', at: formatInstant(stage.person.process.clock.now()) }),
  },
  {
    pattern: /^approve (?<name>[a-z0-9-]+?)(?: as (?<person>\S+))?(?: at step (?<step>\d+))?$/u,
    usage: 'approve NAME [as PERSON] [at step N]',
    make:
      ({ groups: { name = '', person = 'ann', step } }) =>
      (stage) => {
        const at = formatInstant(stage.person.process.clock.now());
        const index = step === undefined ? {} : { step: Number(step) - 1 };
        return give(stage, name, { kind: 'approve', by: person, at, ...index });
      },
  },
  {
    pattern: /^undo (?<name>\S+?)(?: to (?<revision>\d+))?$/u,
    usage: 'undo NAME [to REVISION]',
    make:
      ({ groups: { name = '', revision } }) =>
      (stage) =>
        give(stage, name, { kind: 'undo', ...(revision === undefined ? {} : { toRevision: Number(revision) }) }),
  },
  {
    pattern: /^set image (?<name>\S+) (?<image>\S+)$/u,
    usage: 'set image NAME IMAGE',
    make:
      ({ groups: { name = '', image = '' } }) =>
      (stage) =>
        give(stage, name, { kind: 'setImage', images: { '*': image } }),
  },
  {
    pattern: /^(?<command>promote|promote all of|abort|retry) (?<name>\S+), looked at (?<seconds>\d+)s ago$/u,
    usage: 'promote|promote all of|abort|retry NAME, looked at Ns ago',
    make: ({ groups: { command = '', name = '', seconds = '0' } }) => {
      const kinds = { promote: 'promote', 'promote all of': 'promoteFull', abort: 'abort', retry: 'retry' } as const;
      return async (stage) => {
        const target = await stage.person.look(stageNamespace, name);
        await new Promise<void>((resolve) => {
          stage.world.time.at(stage.world.time.nowMs + Number(seconds) * 1000, resolve);
        });
        await give(stage, name, { kind: kinds[command as keyof typeof kinds] }, target);
      };
    },
  },
  {
    pattern: /^help (?<name>\S+) on$/u,
    usage: 'help NAME on (retries what is aborted, promotes what is paused, or stuck because stable lacks pods)',
    make:
      ({ groups: { name = '' } }) =>
      async (stage) => {
        const kind = helpFor(stage.picture(name));
        if (kind !== undefined) await give(stage, name, { kind });
      },
  },
  {
    pattern: /^scale (?<name>\S+) to (?<replicas>\d+)$/u,
    usage: 'scale NAME to N',
    make: ({ groups: { name = '', replicas = '' } }) => edit(name, { spec: { replicas: Number(replicas) } }),
  },
  {
    pattern: /^edit (?<name>\S+)$/u,
    usage: 'edit NAME, below it what changes of the Rollout (a merge patch)',
    make: ({ groups: { name = '' }, body }) => edit(name, body),
  },
  {
    pattern: /^edit the status of (?<name>\S+)$/u,
    usage: 'edit the status of NAME, below it what changes (as the plug-in of kubectl does it)',
    make: ({ groups: { name = '' }, body }) => edit(name, { status: recordOf(body) }, 'status'),
  },
  {
    pattern: /^delete (?<name>\S+) and create it again after (?<time>\S+)$/u,
    usage: 'delete NAME and create it again after TIME',
    make: ({ groups: { name = '', time = '' } }) => {
      const delayMs = durationMs(time);
      return (stage) => createAgain(stage, name, delayMs);
    },
  },
  {
    pattern: /^delete (?<deployment>deployment )?(?<name>\S+)$/u,
    usage: 'delete [deployment] NAME',
    make:
      ({ groups: { name = '', deployment } }) =>
      async (stage) => {
        const type = deployment === undefined ? resourceTypes.rollout : resourceTypes.deployment;
        const at = { type, namespace: stageNamespace, name };
        await stage.person.process.delete(at, {}, endlessCall);
      },
  },
];

/** A step may ask for a share that a broken stable side cannot take: only a full promotion leads on from there. */
function helpFor(picture: RolloutPicture | undefined): 'retry' | 'promote' | 'promoteFull' | undefined {
  if (picture === undefined) return undefined;
  const { status, stableHash, replicas, isAborted } = picture;
  if (isAborted) return 'retry';
  if (status['phase'] === 'Paused') return 'promote';
  const isBroken = (picture.setOf(stableHash)?.available ?? 0) < replicas;
  return status['phase'] === 'Degraded' && isBroken ? 'promoteFull' : undefined;
}

/** As it is written in a repository: without what a controller has noted on it. */
async function createAgain(stage: Stage, name: string, delayMs: number): Promise<void> {
  const { person, world } = stage;
  const rollout = stage.picture(name)?.rollout;
  if (rollout === undefined) throw new Error(`there is no Rollout ${name}`);
  const at = { type: resourceTypes.rollout, namespace: stageNamespace, name };
  await person.process.delete(at, {}, endlessCall);
  await new Promise<void>((resolve) => {
    world.time.at(world.time.nowMs + delayMs, resolve);
  });
  const { apiVersion, kind, spec } = rollout;
  await stage.apply(resourceTypes.rollout, { apiVersion, kind, metadata: { name }, spec });
}

function simple(word: string, command: Command): CommandKind {
  return {
    pattern: new RegExp(`^${word} (?<name>[a-z0-9-]+)$`, 'u'),
    usage: `${word} NAME`,
    make:
      ({ groups: { name = '' } }) =>
      (stage) =>
        give(stage, name, command),
  };
}

async function give(stage: Stage, name: string, command: Command, target?: CommandTarget): Promise<void> {
  const outcome = await stage.person.command(stageNamespace, name, command, target);
  stage.say(outcome.kind === 'done' ? `${name} ${outcome.message}` : outcome.message);
}

function edit(name: string, body: object, subresource?: 'status'): Act {
  return async (stage) => {
    const at = { type: resourceTypes.rollout, namespace: stageNamespace, name };
    const options = { fieldManager: 'person', ...(subresource === undefined ? {} : { subresource }) };
    await stage.person.process.patch(at, { kind: 'merge', body }, options, endlessCall);
  };
}
