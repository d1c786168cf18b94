import type { FastifyInstance } from 'fastify';

import type { Experiment } from '../../api/experiment.ts';
import type { KubeObject, ResourceType } from '../../api/object.ts';
import { resourceTypes } from '../../api/resource-types.ts';
import { succeed } from '../../base/result.ts';
import { planExperimentRetry, planTermination } from '../../engine/experiment/experiment-command.ts';
import type { Action } from '../authorise.ts';
import { callOf } from '../call-of.ts';
import { errorSchema } from '../error-answer.ts';
import type { CommandTools } from '../send-command.ts';
import { sendRunCommand, type GivenRunCommand } from '../send-run-command.ts';
import { outcomeSchema } from './commands.ts';
import { objectPath, type ObjectPath } from './parameters.ts';
import { closed, line } from './request-schema.ts';

/** What a client sends with a command for an Experiment or an AnalysisRun. */
interface RunCommandBody {
  readonly uid: string;
  readonly actor: string;
  readonly reason?: string;
  readonly position?: string;
}

interface RunCommandRoute {
  readonly type: ResourceType;
  readonly path: 'terminate' | 'retry';
  readonly action: Action;
  readonly summary: string;
  readonly plan: (object: KubeObject, body: RunCommandBody) => ReturnType<GivenRunCommand['plan']>;
}

const fields = {
  uid: line(63, 'uid of the object the command is for'),
  actor: line(253, 'who gives the command'),
} as const;
const reason = line(500, 'why');
const position = line(512, 'position of the Experiment the command is for');

const routes: readonly RunCommandRoute[] = [
  {
    type: resourceTypes.analysisRun,
    path: 'terminate',
    action: 'analysisruns.terminate',
    summary: 'End an AnalysisRun',
    plan: terminate,
  },
  {
    type: resourceTypes.experiment,
    path: 'terminate',
    action: 'experiments.terminate',
    summary: 'End an Experiment',
    plan: terminate,
  },
  {
    type: resourceTypes.experiment,
    path: 'retry',
    action: 'experiments.retry',
    summary: 'Start an Experiment that has ended anew',
    plan: (object, body) => planExperimentRetry(object as unknown as Experiment, body.position ?? ''),
  },
];

function terminate(object: KubeObject): ReturnType<RunCommandRoute['plan']> {
  return succeed(planTermination(object as unknown as Experiment));
}

/** Registers the commands for Experiments and AnalysisRuns: `POST …/{experiments|analysisruns}/{name}/{command}`. */
export function registerRunCommands(server: FastifyInstance, tools: CommandTools): void {
  for (const { type, path, action, summary, plan } of routes) {
    server.post<{ Params: ObjectPath; Body: RunCommandBody }>(
      `/api/v1/namespaces/:namespace/${type.plural}/:name/${path}`,
      {
        config: { action, summary },
        schema: {
          params: objectPath,
          body: closed(path === 'retry' ? { ...fields, position } : fields, { reason }),
          response: { 200: outcomeSchema, default: errorSchema },
        },
      },
      ({ params, body }, reply) => {
        const { uid, actor } = body;
        const given = {
          type,
          action: path,
          uid,
          actor,
          reason: body.reason,
          plan: (one: KubeObject) => plan(one, body),
        };
        return sendRunCommand(params, given, tools, callOf(reply));
      },
    );
  }
}
