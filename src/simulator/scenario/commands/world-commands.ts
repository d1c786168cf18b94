import { resourceTypes } from '../../../api/resource-types.ts';
import { metricKinds, type ImageBehaviour } from '../../image-behaviour.ts';
import type { StepPluginBehaviour } from '../../modelled-step-plugins.ts';
import { durationMs, type CommandKind } from '../command-kind.ts';
import { endlessCall, stageNamespace } from '../stage.ts';

/** What the world does: images, pods, routers, other tools, and the controller's own life. */
export const worldCommands: readonly CommandKind[] = [
  image('never gets ready', () => ({ readyMs: undefined })),
  image('is ready after (?<value>\\S+)', (value) => ({ readyMs: durationMs(value) })),
  image('fails (?<value>\\d+)% of its requests', (value) => ({ errorRatio: Number(value) / 100 })),
  image('is slow for (?<value>\\d+)% of its requests', (value) => ({ slowRatio: Number(value) / 100 })),
  image('cannot be pulled', () => ({ isMissing: true })),
  image('crashes after (?<value>\\S+)', (value) => ({ crashAfterMs: durationMs(value) })),
  image('is sound', () => ({ errorRatio: 0, slowRatio: 0, readyMs: 1000, isMissing: false, crashAfterMs: undefined })),
  image(`has (?<value>${metricKinds.join('|')}) metrics`, (value) => ({
    metrics: value as ImageBehaviour['metrics'],
  })),
  plugin('takes (?<value>\\S+)', (value) => ({ doneMs: durationMs(value), outcome: 'Successful' })),
  plugin('fails after (?<value>\\S+)', (value) => ({ doneMs: durationMs(value), outcome: 'Failed' })),
  plugin('never ends', () => ({ doneMs: undefined })),
  plugin('does not answer', () => ({ isUnreachable: true })),
  plugin('answers again', () => ({ isUnreachable: false })),
  plugin('is switched off', () => ({ isDisabled: true })),
  {
    pattern: /^(?<verb>lose|evict) (?<count>\d+|all) pods? of (?<image>\S+)$/u,
    usage: 'lose|evict N|all pods of IMAGE',
    make:
      ({ groups: { verb, count = '', image: name = '' } }) =>
      async (stage) => {
        const pods = stage.podsOf(name);
        for (const { metadata } of pods.slice(0, count === 'all' ? pods.length : Number(count))) {
          const at = { type: resourceTypes.pod, namespace: stageNamespace, name: metadata.name };
          if (verb === 'evict') await stage.node.evict(at, {}, endlessCall);
          else await stage.node.delete(at, { gracePeriodSeconds: 0 }, endlessCall);
        }
      },
  },
  {
    pattern: /^testers use service (?<service>\S+)$/u,
    usage: 'testers use service NAME',
    make:
      ({ groups: { service = '' } }) =>
      (stage) => {
        const entry = { kind: 'service', name: service } as const;
        stage.world.dataPlane.addFrontend({ rollout: `testers of ${service}`, namespace: stageNamespace, entry });
        return Promise.resolve();
      },
  },
  {
    pattern: /^restart the controller$/u,
    usage: 'restart the controller',
    make: () => (stage) => {
      stage.world.killController();
      return Promise.resolve();
    },
  },
  {
    pattern: /^hold all raises(?: for (?<time>\S+))?$/u,
    usage: 'hold all raises [for TIME]',
    make:
      ({ groups: { time } }) =>
      (stage) => {
        const untilMs = time === undefined ? undefined : stage.world.time.nowMs + durationMs(time);
        const now = stage.person.process.clock.now();
        const until = untilMs === undefined ? {} : { until: now + untilMs - stage.world.time.nowMs };
        stage.hold = { reason: 'FreezeWindow', message: 'no releases now', ...until };
        if (untilMs !== undefined) stage.world.time.at(untilMs, () => (stage.hold = undefined));
        return Promise.resolve();
      },
  },
  {
    pattern: /^the gateway (?<verb>refuses|takes) routes$/u,
    usage: 'the gateway refuses|takes routes',
    make:
      ({ groups: { verb } }) =>
      (stage) =>
        stage.world.setRefusal(verb === 'refuses' ? 'no such listener' : undefined),
  },
  {
    pattern: /^somebody edits (?<kind>route|service|replicaset) (?<name>\S+)$/u,
    usage: 'somebody edits route|service NAME, below it what changes (a merge patch)',
    make:
      ({ groups: { kind = '', name = '' }, body }) =>
      async (stage) => {
        const type = kind === 'route' ? resourceTypes.httpRoute : resourceTypes.service;
        const at = { type, namespace: stageNamespace, name };
        await stage.stranger.patch(at, { kind: 'merge', body }, { fieldManager: 'stranger' }, endlessCall);
      },
  },
];

function plugin(text: string, behaviour: (value: string) => Partial<StepPluginBehaviour>): CommandKind {
  return {
    pattern: new RegExp(`^plug-in (?<name>\\S+) ${text}$`, 'u'),
    usage: `plug-in NAME ${text.replaceAll(/\(\?<value>([^)]*)\)/gu, 'TIME')}`,
    make:
      ({ groups: { name = '', value = '' } }) =>
      (stage) => {
        stage.world.stepPlugins.change(name, behaviour(value));
        return Promise.resolve();
      },
  };
}

function image(text: string, behaviour: (value: string) => Partial<ImageBehaviour>): CommandKind {
  return {
    pattern: new RegExp(`^image (?<image>\\S+) ${text}$`, 'u'),
    usage: `image IMAGE ${text.replaceAll(/\(\?<value>([^)]*)\)/gu, 'VALUE')}`,
    make:
      ({ groups: { image: name = '', value = '' } }) =>
      (stage) => {
        stage.world.images.change(name, behaviour(value));
        return Promise.resolve();
      },
  };
}
