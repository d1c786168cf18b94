import path from 'node:path';

import type { DecisionBoard } from '../../server/decision-board.ts';
import type { ImportModule } from '../controller/plugin-files.ts';
import type { RunContext, RunRequest } from '../run-request.ts';
import type { AppliedObject } from './apply-manifests.ts';
import { directorySource } from './directory-source.ts';
import { gitSource } from './git-source.ts';
import { runLocal, type RunLocalOptions } from './run-local.ts';
import type { ManifestSource } from './source.ts';

/** What a run takes from the process it is in. */
export interface RunParts extends Pick<
  RunLocalOptions,
  'clock' | 'random' | 'log' | 'environment' | 'user' | 'version'
> {
  /** Loads the modules of step plug-ins. */
  readonly importModule: ImportModule;
  /** Variables that git gets. */
  readonly gitEnvironment: Readonly<Record<string, string>>;
}

const host = '127.0.0.1';

/** Runs a source on this machine until the signal aborts, and tells what happens. Pods end with it. */
export async function runSource(request: RunRequest, context: RunContext, parts: RunParts): Promise<void> {
  const { tell, signal } = context;
  const source = sourceOf(request, parts);
  tell(`following ${source.description}`);
  const running = await runLocal({
    ...parts,
    source,
    stateDirectory: request.stateDirectory,
    imagesPath: request.imagesPath,
    plugins: {
      metrics: request.metricPluginsPath,
      steps: request.stepPluginsPath,
      importModule: parts.importModule,
    },
    gateway: { host, port: request.gatewayPort },
    apiPort: request.apiPort,
    namespace: request.namespace,
    prune: request.prune,
    sourceIntervalMs: request.intervalMs,
    onApplied: (revision, objects) => tell(appliedText(revision, objects)),
    onRefused: (revision, problems) => {
      tell(`revision ${revision} cannot be used; nothing is changed`);
      for (const problem of problems) tell(`  ${problem}`);
    },
  });
  tell(`gateway ${running.gatewayUrl}`);
  tell(`API ${running.apiUrl}, token in ${running.tokenPath}`);
  const unsubscribe = tellDecisions(running.stack.decisions, tell);
  try {
    await aborted(signal);
  } finally {
    unsubscribe();
    await running.stop('end');
  }
}

function sourceOf({ source, stateDirectory }: RunRequest, { gitEnvironment }: RunParts): ManifestSource {
  switch (source.kind) {
    case 'directory':
      return directorySource(source.path);
    case 'repository':
      return gitSource({
        repository: source.url,
        branch: source.ref,
        folder: source.path,
        cacheDirectory: path.join(stateDirectory, 'source'),
        environment: gitEnvironment,
      });
  }
}

function appliedText(revision: string, objects: readonly AppliedObject[]): string {
  const results = Map.groupBy(objects, ({ result }) => result);
  const counts = [...results].map(([result, members]) => `${members.length} ${result}`).join(', ');
  return `applied ${revision}: ${counts === '' ? 'nothing in it' : counts}`;
}

function tellDecisions(decisions: DecisionBoard, tell: RunContext['tell']): () => void {
  return decisions.subscribe((rollout) => {
    const decision = decisions.latest(rollout);
    if (decision !== undefined) tell(`${rollout.namespace}/${rollout.name}: ${decision.message}`);
  });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
