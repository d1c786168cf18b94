import { recordOf, textOf } from '../api/json-access.ts';
import type { ExperimentDetail } from '../server/view/experiment-detail.ts';
import { objectName, objectPath } from './object-name.ts';
import type { Session } from './session.ts';

/**
 * Gives a command to an AnalysisRun or an Experiment: looks at it, and names in the command what was seen, so that it
 * is refused for another one. Prints what became of it.
 */
export async function giveRunCommand(
  session: Session,
  kind: 'analysisrun' | 'experiment',
  text: string,
  command: 'terminate' | 'retry',
): Promise<void> {
  const { client, context, options } = session;
  const at = objectPath(options.namespace, `${kind}s`, objectName(text, kind));
  // The API answers by this schema; an AnalysisRun has no position.
  const { uid, position } = (await client.get(at)) as Pick<ExperimentDetail, 'uid' | 'position'>;
  const seen = command === 'retry' ? { uid, position } : { uid };
  const answer = recordOf(await client.post(`${at}/${command}`, { ...seen, actor: context.user }));
  session.print([`${kind}.argoproj.io/${textOf(answer['message'])}`]);
}
