import type { KubeObject } from '../api/object.ts';
import { resourceTypes } from '../api/resource-types.ts';
import type { Rollout } from '../api/rollout.ts';
import type { Clock } from '../base/clock.ts';
import { hasCode, SluiceError } from '../base/error.ts';
import type { Call, ClusterPort } from '../cluster/port.ts';
import type { Intent, Journal } from '../controller/journal.ts';
import { currentRevision } from '../engine/command-target.ts';
import {
  planCommand,
  type Command,
  type CommandPatch,
  type CommandPlan,
  type CommandSubject,
  type CommandTarget,
} from '../engine/command.ts';
import { revisionAnnotation } from '../engine/revision.ts';
import type { ObjectName } from './object-name.ts';
import { addressOf, readCommandSubject, typeOfWorkload } from './read-command-subject.ts';
import { recordCommand } from './record-command.ts';

/** A command as a person gave it. */
export interface GivenCommand {
  readonly command: Command;
  readonly target: CommandTarget;
  /** Who gave it. */
  readonly actor: string;
  /** Why, in the person's words. */
  readonly reason?: string | undefined;
}

/** What commands are carried out with. */
export interface CommandTools {
  readonly cluster: ClusterPort;
  readonly journal: Journal;
  readonly clock: Clock;
}

/** What became of a command. */
export interface CommandOutcome {
  /** False when everything was as asked already. */
  readonly changed: boolean;
  readonly message: string;
  /** Version of the Rollout that the command left behind. */
  readonly resourceVersion: string;
}

/** Writers that get in between at most. */
export const attemptsMax = 5;

/** Who writes, as field ownership records it. */
export const fieldManager = 'sluice-command';

/** These take users away from a revision or hold it: they are done even when nothing can be recorded. */
const safeKinds: ReadonlySet<Command['kind']> = new Set(['abort', 'pause']);

/**
 * Carries a command out: reads what it is about, plans it, and patches with what was read as precondition. When another
 * writer gets in between, it looks again whether the command still fits. Rejects with StaleCommand when it does not.
 */
export async function sendCommand(
  at: ObjectName,
  given: GivenCommand,
  tools: CommandTools,
  call: Call,
): Promise<CommandOutcome> {
  for (let attempt = 1; ; attempt += 1) {
    const subject = await readCommandSubject(tools.cluster, at, call);
    const planned = planCommand(given.command, given.target, subject);
    if (!planned.ok) throw new SluiceError(planned.error.code, planned.error.message);
    try {
      return await carryOut(planned.value, subject, given, tools, call);
    } catch (error) {
      if (!hasCode(error, 'Conflict') || attempt >= attemptsMax) throw error;
    }
  }
}

async function carryOut(
  plan: CommandPlan,
  subject: CommandSubject,
  given: GivenCommand,
  tools: CommandTools,
  call: Call,
): Promise<CommandOutcome> {
  const { metadata } = subject.rollout;
  const message = `${metadata.name} ${plan.message}`;
  if (plan.patches.length === 0) {
    return { changed: false, message, resourceVersion: metadata.resourceVersion ?? '' };
  }
  const record = { intent: intentOf(subject.rollout, given, plan, tools), isSafe: safeKinds.has(given.command.kind) };
  const write = (): Promise<string> => writeAll(plan.patches, subject, given, tools, call);
  return { changed: true, message, resourceVersion: await recordCommand(tools.journal, record, write) };
}

function intentOf(
  { metadata }: Rollout,
  { command, actor, reason }: GivenCommand,
  plan: CommandPlan,
  { cluster, clock }: CommandTools,
): Intent {
  const { namespace = '', name, annotations = {} } = metadata;
  const revision = Number(annotations[revisionAnnotation] ?? 0);
  return {
    subject: `${cluster.name}/${namespace}/${name}`,
    revision: Number.isSafeInteger(revision) ? revision : 0,
    actor: { kind: 'person', name: actor },
    action: command.kind,
    text: `${name} ${plan.message}`,
    reason: reason ?? `command by ${actor}`,
    at: clock.now(),
  };
}

/** Sends patches in their order, and answers the version of the Rollout after them. */
async function writeAll(
  patches: readonly CommandPatch[],
  subject: CommandSubject,
  given: GivenCommand,
  { cluster }: CommandTools,
  call: Call,
): Promise<string> {
  let rollout: KubeObject = { ...subject.rollout };
  for (const [index, patch] of patches.entries()) {
    const target = patch.on === 'rollout' ? rollout : (subject.workload ?? rollout);
    try {
      const answer = await write(cluster, target, patch, call);
      if (patch.on === 'rollout') rollout = answer;
    } catch (error) {
      if (index === 0 || !hasCode(error, 'Conflict')) throw error;
      // Half is done: the rest no longer fits the position that the command was given for, but still its revision.
      rollout = await writeRest(cluster, subject, given.target.revision, patch, call);
    }
  }
  return rollout.metadata.resourceVersion ?? '';
}

async function writeRest(
  cluster: ClusterPort,
  subject: CommandSubject,
  revision: string,
  patch: CommandPatch,
  call: Call,
): Promise<KubeObject> {
  for (let attempt = 1; ; attempt += 1) {
    const rollout = await cluster.get(addressOf(resourceTypes.rollout, { ...subject.rollout }), call);
    const now = currentRevision({ ...subject, rollout: rollout as unknown as Rollout });
    if (now !== revision) {
      throw new SluiceError('StaleCommand', `${rollout.metadata.name} got another revision in the middle of it`);
    }
    try {
      return await write(cluster, rollout, patch, call);
    } catch (error) {
      if (!hasCode(error, 'Conflict') || attempt >= attemptsMax) throw error;
    }
  }
}

function write(cluster: ClusterPort, target: KubeObject, patch: CommandPatch, call: Call): Promise<KubeObject> {
  const { resourceVersion } = target.metadata;
  const type = patch.on === 'rollout' ? resourceTypes.rollout : typeOfWorkload(target);
  const body = { ...patch.body, metadata: { resourceVersion } };
  const { subresource } = patch;
  const options = { fieldManager, ...(subresource === undefined ? {} : { subresource }) };
  return cluster.patch(addressOf(type, target), { kind: 'merge', body }, options, call);
}
