import type { FastifyInstance } from 'fastify';
import { Type, type TSchema, type TUnsafe } from 'typebox';

import { boolean, object, text } from '../../api/schema.ts';
import { formatInstant } from '../../base/instant.ts';
import type { Command, CommandKind } from '../../engine/command.ts';
import { callOf } from '../call-of.ts';
import { errorSchema } from '../error-answer.ts';
import { sendCommand, type CommandTools } from '../send-command.ts';
import { objectPath, type ObjectPath } from './parameters.ts';
import { closed, line } from './request-schema.ts';

/** Fields that every command has. */
const targetFields = {
  required: {
    revision: line(63, 'pod-template hash of the revision the command is for'),
    actor: line(253, 'who gives the command'),
  },
  optional: {
    position: line(512, 'position of the update the command is for; needed by commands that let it go on'),
    resourceVersion: line(63, 'refuse when the Rollout is at any other version'),
    reason: line(500, 'why'),
  },
} as const;

/** What a client sends with a command. */
interface CommandBody {
  readonly revision: string;
  readonly actor: string;
  readonly position?: string;
  readonly resourceVersion?: string;
  readonly reason?: string;
}

/** Who gives a command, as the token says, and when. */
interface Giver {
  readonly person: string;
  /** RFC 3339. */
  readonly at: string;
}

interface CommandRoute {
  readonly path: string;
  readonly kind: CommandKind;
  readonly summary: string;
  /** Fields of this command besides those of all. */
  readonly required?: Readonly<Record<string, TSchema>>;
  readonly optional?: Readonly<Record<string, TSchema>>;
  /** Makes the command from a body that fits the schema. */
  readonly command: (body: never, giver: Giver) => Command;
}

const count: TUnsafe<number> = Type.Unsafe({ type: 'integer', minimum: 0, maximum: 2 ** 31 - 1 });

const images: TUnsafe<Readonly<Record<string, string>>> = Type.Unsafe({
  type: 'object',
  additionalProperties: { type: 'string', maxLength: 512 },
  minProperties: 1,
  maxProperties: 100,
  description: 'image by container name; "*" stands for every container',
});

function plain(
  kind: Exclude<CommandKind, 'restart' | 'approve' | 'setImage' | 'undo'>,
  path: string,
  summary: string,
): CommandRoute {
  return { path, kind, summary, command: () => ({ kind }) };
}

const commandRoutes: readonly CommandRoute[] = [
  plain('promote', 'promote', 'Go on to the next step'),
  plain('promoteFull', 'promote-full', 'Skip all steps, pauses and analyses'),
  plain('skipCurrentStep', 'skip-current-step', 'Leave the current step'),
  plain('abort', 'abort', 'Bring users back to the stable revision'),
  plain('retry', 'retry', 'Start an aborted update again'),
  plain('pause', 'pause', 'Hold the update'),
  plain('resume', 'resume', 'End the pauses that are there'),
  {
    path: 'restart',
    kind: 'restart',
    summary: 'Replace the pods that were created before a time',
    optional: { at: line(40, 'RFC 3339; now when absent') },
    command: ({ at }: { readonly at?: string }, giver) => ({ kind: 'restart', at: at ?? giver.at }),
  },
  {
    path: 'approve',
    kind: 'approve',
    summary: 'Approve the step that waits for it',
    optional: { step: count },
    command: ({ step, reason }: { readonly step?: number; readonly reason?: string }, { person: by, at }) => ({
      kind: 'approve',
      by,
      at,
      ...(step === undefined ? {} : { step }),
      ...(reason === undefined ? {} : { reason }),
    }),
  },
  {
    path: 'set-image',
    kind: 'setImage',
    summary: 'Make a revision with other images',
    required: { images },
    command: (body: { readonly images: Readonly<Record<string, string>> }) => ({
      kind: 'setImage',
      images: body.images,
    }),
  },
  {
    path: 'undo',
    kind: 'undo',
    summary: 'Make a revision with the pod template of an earlier one',
    optional: { toRevision: count },
    command: ({ toRevision }: { readonly toRevision?: number }) => ({
      kind: 'undo',
      ...(toRevision === undefined ? {} : { toRevision }),
    }),
  },
];

/** What became of a command. */
export const outcomeSchema = object({ changed: boolean, message: text, resourceVersion: text }, {});

/** Registers one route for each command: `POST …/rollouts/{name}/{command}`. */
export function registerCommands(server: FastifyInstance, tools: CommandTools): void {
  for (const { path, kind, summary, required = {}, optional = {}, command } of commandRoutes) {
    server.post<{ Params: ObjectPath; Body: CommandBody }>(
      `/api/v1/namespaces/:namespace/rollouts/:name/${path}`,
      {
        config: { action: `rollouts.${kind}`, summary },
        schema: {
          params: objectPath,
          body: closed({ ...targetFields.required, ...required }, { ...targetFields.optional, ...optional }),
          response: { 200: outcomeSchema, default: errorSchema },
        },
      },
      ({ params, body, identity }, reply) => {
        const { revision, position, resourceVersion, actor, reason } = body;
        const target = {
          revision,
          ...(position === undefined ? {} : { position }),
          ...(resourceVersion === undefined ? {} : { resourceVersion }),
        };
        // The body fits the schema of this very command.
        const giver = { person: identity?.name ?? actor, at: formatInstant(tools.clock.now()) };
        const given = { command: command(body as never, giver), target, actor, reason };
        return sendCommand(params, given, tools, callOf(reply));
      },
    );
  }
}
