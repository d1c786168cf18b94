import type { KubeObject } from '../api/object.ts';
import { resourceTypes } from '../api/resource-types.ts';
import type { Rollout } from '../api/rollout.ts';
import type { Clock } from '../base/clock.ts';
import { hasCode, messageOf, SluiceError } from '../base/error.ts';
import type { Call, ClusterPort } from '../cluster/port.ts';
import type { Journal, JournalResult } from '../controller/journal.ts';
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
import { addressOf, readCommandSubject, typeOfWorkload } from './read-command-subject.ts';
import type { RolloutName } from './read-rollout.ts';

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
const attemptsMax = 5;

/** Who writes, as field ownership records it. */
const fieldManager = 'sluice-command';

/** These take users away from a revision or hold it: they are done even when nothing can be recorded. */
const safeKinds: ReadonlySet<Command['kind']> = new Set(['abort', 'pause']);

/**
 * Carries a command out: reads what it is about, plans it, and patches with what was read as precondition. When another
 * writer gets in between, it looks again whether the command still fits. Rejects with StaleCommand when it does not.
 */
export async function sendCommand(
  at: RolloutName,
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
  const sequence = await begin(subject.rollout, given, plan, tools);
  try {
    const resourceVersion = await writeAll(plan.patches, subject, given, tools, call);
    await end(tools.journal, sequence, { kind: 'done', resourceVersion });
    return { changed: true, message, resourceVersion };
  } catch (error) {
    await end(tools.journal, sequence, resultOf(error));
    throw error;
  }
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

/** Records the intent; without a record only what is safe is done. */
async function begin(
  rollout: Rollout,
  { command, actor, reason }: GivenCommand,
  plan: CommandPlan,
  { journal, cluster, clock }: CommandTools,
): Promise<number | undefined> {
  const { namespace = '', name, annotations = {} } = rollout.metadata;
  const revision = Number(annotations[revisionAnnotation] ?? 0);
  try {
    return await journal.begin({
      subject: `${cluster.name}/${namespace}/${name}`,
      revision: Number.isSafeInteger(revision) ? revision : 0,
      actor: { kind: 'person', name: actor },
      action: command.kind,
      text: `${name} ${plan.message}`,
      reason: reason ?? `command by ${actor}`,
      at: clock.now(),
    });
  } catch (error) {
    if (safeKinds.has(command.kind)) return undefined;
    throw new SluiceError('Unavailable', `the command cannot be recorded: ${messageOf(error)}`, { cause: error });
  }
}

/** An intent without a result shows a reader that the end is not known; the command must not fail for it. */
async function end(journal: Journal, sequence: number | undefined, result: JournalResult): Promise<void> {
  if (sequence !== undefined) await journal.end(sequence, result).catch(() => undefined);
}

function resultOf(error: unknown): JournalResult {
  const message = messageOf(error);
  if (hasCode(error, 'Unavailable', 'Timeout')) return { kind: 'unknown', message };
  return { kind: 'failed', code: error instanceof SluiceError ? error.code : 'Internal', message };
}
