import type { FastifyReply } from 'fastify';

import type { Call } from '../cluster/port.ts';

/**
 * A call for as long as somebody waits for the answer: it ends when the answer is sent, also the one that says that it
 * took too long, or when the client has left. The end of a request body ends nothing.
 */
export function callOf(reply: FastifyReply): Call {
  const controller = new AbortController();
  reply.raw.once('close', () => controller.abort(new Error('nobody waits for the answer')));
  return { signal: controller.signal };
}
