import type { KubeObject, ResourceType } from '../api/object.ts';
import { hasCode, SluiceError } from '../base/error.ts';
import type { Result } from '../base/result.ts';
import type { Call } from '../cluster/port.ts';
import type { Intent } from '../controller/journal.ts';
import type { CommandRefusal } from '../engine/command.ts';
import type { RunCommandPlan } from '../engine/experiment/experiment-command.ts';
import { revisionAnnotation } from '../engine/revision.ts';
import type { ObjectName } from './object-name.ts';
import { recordCommand } from './record-command.ts';
import { attemptsMax, fieldManager, type CommandOutcome, type CommandTools } from './send-command.ts';

/** A command for an Experiment or an AnalysisRun, as a person gave it. */
export interface GivenRunCommand {
  readonly type: ResourceType;
  readonly action: 'terminate' | 'retry';
  /** The object that the person looked at; another one of the same name is not meant. */
  readonly uid: string;
  readonly actor: string;
  readonly reason?: string | undefined;
  plan(object: KubeObject): Result<RunCommandPlan, CommandRefusal>;
}

/**
 * Carries such a command out: reads the object, plans, and patches with what was read as precondition. When another
 * writer gets in between, it looks again. Rejects with NotFound, and with StaleCommand for another object.
 */
export async function sendRunCommand(
  at: ObjectName,
  given: GivenRunCommand,
  tools: CommandTools,
  call: Call,
): Promise<CommandOutcome> {
  const { type } = given;
  for (let attempt = 1; ; attempt += 1) {
    const object = await tools.cluster.get({ type, ...at }, call).catch((error: unknown) => {
      if (!hasCode(error, 'NotFound')) throw error;
      throw new SluiceError('NotFound', `there is no ${type.kind} ${at.name} in namespace ${at.namespace}`);
    });
    if (object.metadata.uid !== given.uid) {
      throw new SluiceError('StaleCommand', `${at.name} is another ${type.kind} than the one the command is for`);
    }
    const planned = given.plan(object);
    if (!planned.ok) throw new SluiceError(planned.error.code, planned.error.message);
    try {
      return await carryOut(planned.value, object, given, tools, call);
    } catch (error) {
      if (!hasCode(error, 'Conflict') || attempt >= attemptsMax) throw error;
    }
  }
}

async function carryOut(
  { body, message: done }: RunCommandPlan,
  object: KubeObject,
  given: GivenRunCommand,
  { cluster, journal, clock }: CommandTools,
  call: Call,
): Promise<CommandOutcome> {
  const { namespace = '', name, resourceVersion = '' } = object.metadata;
  const message = `${name} ${done}`;
  if (body === undefined) return { changed: false, message, resourceVersion };
  const intent = intentOf(object, given, message, { name: cluster.name, now: clock.now() });
  const write = async (): Promise<string> => {
    const patch = { kind: 'merge', body: { ...body, metadata: { resourceVersion } } } as const;
    const answer = await cluster.patch({ type: given.type, namespace, name }, patch, { fieldManager }, call);
    return answer.metadata.resourceVersion ?? '';
  };
  const record = { intent, isSafe: given.action === 'terminate' };
  return { changed: true, message, resourceVersion: await recordCommand(journal, record, write) };
}

function intentOf(
  { metadata }: KubeObject,
  { action, actor, reason }: GivenRunCommand,
  text: string,
  cluster: { readonly name: string; readonly now: number },
): Intent {
  const revision = metadata.annotations?.[revisionAnnotation] ?? '';
  return {
    subject: `${cluster.name}/${metadata.namespace ?? ''}/${metadata.name}`,
    revision: /^\d{1,9}$/.test(revision) ? Number(revision) : 0,
    actor: { kind: 'person', name: actor },
    action,
    text,
    reason: reason ?? `command by ${actor}`,
    at: cluster.now,
  };
}
