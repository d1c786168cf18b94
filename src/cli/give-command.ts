import { recordOf, textOf } from '../api/json-access.ts';
import type { RolloutDetail } from '../server/view/rollout-detail.ts';
import { objectPath } from './object-name.ts';
import type { Session } from './session.ts';

/**
 * Gives a command to a Rollout: looks where it stands, and names that in the command, so that it is refused when the
 * Rollout has moved on in between. Prints what became of it.
 */
export async function giveCommand(session: Session, name: string, path: string, fields: object = {}): Promise<void> {
  const { client, context, options } = session;
  const at = objectPath(options.namespace, 'rollouts', name);
  const { hash, position } = (await client.get(at)) as RolloutDetail; // the API answers by this schema
  const body = { ...fields, revision: hash, position, actor: context.user };
  const answer = recordOf(await client.post(`${at}/${path}`, body));
  session.print([`rollout.argoproj.io/${textOf(answer['message'])}`]);
}
