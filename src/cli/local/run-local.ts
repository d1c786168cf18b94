import path from 'node:path';

import { messageOf } from '../../base/error.ts';
import type { Log } from '../../base/log.ts';
import { trafficRouters } from '../../providers/traffic/registry.ts';
import { removeAccess, writeAccess } from '../../server/access-file.ts';
import { credentialOf, makeToken } from '../../server/credential.ts';
import { startServer, type RunningServer } from '../../server/start-server.ts';
import type { AppliedObject } from './apply-manifests.ts';
import { followSource } from './follow-source.ts';
import { keepWeights } from './keep-weights.ts';
import { startLocalStack, type LocalStack, type LocalStackOptions } from './local-stack.ts';
import type { ManifestSource } from './source.ts';

/** A stack that runs the manifests of a source and serves the API. */
export interface RunLocalOptions extends LocalStackOptions {
  readonly source: ManifestSource;
  /** Namespace of objects that name none. */
  readonly namespace: string;
  /** True to delete what the source no longer holds. */
  readonly prune: boolean;
  /** Time between two looks at the source. */
  readonly sourceIntervalMs: number;
  readonly apiPort: number;
  /** Who the token's bearer is, for the journal. */
  readonly user: string;
  readonly version: string;
  /** Told when a revision of the source was applied. */
  readonly onApplied?: (revision: string, objects: readonly AppliedObject[]) => void;
  /** Told when a revision of the source cannot be used. */
  readonly onRefused?: (revision: string, problems: readonly string[]) => void;
}

/** What runs. */
export interface RunningLocal {
  readonly apiUrl: string;
  readonly tokenPath: string;
  readonly gatewayUrl: string;
  readonly stack: LocalStack;
  /** Stops everything; pods are ended, or left for a later start with the same folder. */
  stop(pods: 'end' | 'leave'): Promise<void>;
}

/** Starts a stack, the API, and following the source. */
export async function runLocal(options: RunLocalOptions): Promise<RunningLocal> {
  const { log, stateDirectory } = options;
  const stack = await startLocalStack(options);
  const token = makeToken();
  let server: RunningServer | undefined;
  try {
    server = await startServer(
      {
        cluster: stack.cluster,
        journal: stack.journal,
        decisions: stack.decisions,
        clock: options.clock,
        log,
        credentials: [credentialOf(token, { name: options.user, role: 'operator' })],
        version: options.version,
      },
      { port: options.apiPort },
    );
    const { tokenPath } = await writeAccess(stateDirectory, server.url, token);
    const following = follow(options, stack, log);
    const { url } = server;
    const running = server;
    return {
      apiUrl: url,
      tokenPath: path.resolve(tokenPath),
      gatewayUrl: stack.gateway.url,
      stack,
      async stop(pods) {
        await following.stop();
        await removeAccess(stateDirectory, url).catch((error: unknown) => {
          log.warn({ error: messageOf(error) }, 'the address of the API was not taken back');
        });
        await running.close();
        await stack.stop(pods);
      },
    };
  } catch (error) {
    await server?.close();
    await stack.stop('leave');
    throw error;
  }
}

function follow(options: RunLocalOptions, { cluster, controller }: LocalStack, log: Log): { stop(): Promise<void> } {
  const ending = new AbortController();
  const done = followSource(
    {
      source: options.source,
      cluster,
      namespace: options.namespace,
      clock: options.clock,
      log,
      intervalMs: options.sourceIntervalMs,
      prune: options.prune,
      prepare: (desired, live) => keepWeights(desired, live, controller.view.rollouts.list(), trafficRouters),
      ...(options.onApplied === undefined ? {} : { onApplied: options.onApplied }),
      ...(options.onRefused === undefined ? {} : { onRefused: options.onRefused }),
    },
    ending.signal,
  ).catch((error: unknown) => {
    if (!ending.signal.aborted) log.error({ error: messageOf(error) }, 'following the source ended');
  });
  return {
    async stop() {
      ending.abort(new Error('the source is left'));
      await done;
    },
  };
}
