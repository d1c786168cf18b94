import type { RolloutDetail } from '../../../src/server/view/rollout-detail.ts';
import type { LoadReport } from '../load.ts';
import type { LoadProcess } from './load-process.ts';
import type { Screen } from './screen.ts';
import type { SluiceProcess } from './sluice-process.ts';

/** How a release ended. */
export interface ReleaseEnd {
  /** When the demo first saw that the release is taken back, in milliseconds since the epoch. */
  readonly verdictAtMs: number | undefined;
}

/** What is watched, and where it is shown. */
export interface WatchOptions {
  readonly sluice: SluiceProcess;
  readonly load: LoadProcess;
  readonly screen: Screen;
  readonly release: string;
  readonly signal: AbortSignal;
}

const lookMs = 100;
const watchTimeoutMs = 120_000;
/** How long things must stand still before the release counts as ended. */
const restMs = 1500;

/** Shows a release until it is stable or taken back. */
export async function watchRelease(options: WatchOptions): Promise<ReleaseEnd> {
  const { sluice, load, screen, signal } = options;
  const until = performance.now() + watchTimeoutMs;
  let verdictAtMs: number | undefined;
  let endedAt: number | undefined;
  while (performance.now() < until) {
    signal.throwIfAborted();
    const rollout = await sluice.read();
    if (rollout !== undefined) {
      if (rollout.aborted) verdictAtMs ??= Date.now();
      screen.show(picture(rollout, load.report), line(rollout));
      endedAt = isEnded(rollout, options.release) ? (endedAt ?? performance.now()) : undefined;
      if (endedAt !== undefined && performance.now() - endedAt >= restMs) return { verdictAtMs };
    }
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
  return { verdictAtMs };
}

function isEnded(rollout: RolloutDetail, release: string): boolean {
  const isCurrent = rollout.images.some(({ image }) => image === `checkout:${release}`);
  return isCurrent && (rollout.aborted || rollout.hash === rollout.stableHash);
}

function line({ phase, steps, decision, weights }: RolloutDetail): string {
  const current = steps.find(({ state }) => state === 'current');
  const step = current === undefined ? '' : ` step ${current.index + 1}/${steps.length} ${current.text};`;
  const share = weights?.canary === undefined ? '' : ` canary ${weights.canary} %;`;
  return `${phase};${step}${share} ${decision?.message ?? ''}`;
}

function picture(rollout: RolloutDetail, report: LoadReport): readonly string[] {
  const { weights } = rollout;
  const share = weights?.canary ?? 0;
  return [
    '',
    `  checkout  ${rollout.phase}${rollout.message === '' ? '' : `: ${rollout.message}`}`,
    `  now       ${rollout.decision?.message ?? ''}`,
    ...(weights === undefined
      ? []
      : [`  traffic   stable ${bar(100 - share)} ${100 - share} %   canary ${bar(share)} ${share} %`]),
    ...(rollout.steps.length === 0 ? [] : [`  steps     ${rollout.steps.map(stepText).join('  ')}`]),
    ...rollout.revisions.flatMap(revisionLine),
    ...evidenceLines(rollout),
    ...Object.entries(report.releases).map(releaseLine),
    `  lost      ${report.lost} requests without an answer`,
  ];
}

function bar(share: number): string {
  return '█'.repeat(Math.round(share / 5)).padEnd(20, '·');
}

function stepText({ text, state }: RolloutDetail['steps'][number]): string {
  const mark = { done: '✔', current: '▶', pending: '·' }[state];
  return `${mark} ${text}`;
}

function revisionLine({ number, replicaSet, roles }: RolloutDetail['revisions'][number]): readonly string[] {
  if (replicaSet === undefined || replicaSet.current + replicaSet.desired === 0) return [];
  const image = replicaSet.images.join(', ');
  return [
    `  revision ${number}  ${image.padEnd(24)} ${roles.join(', ').padEnd(16)} pods ${replicaSet.available}/${replicaSet.desired}`,
  ];
}

function evidenceLines({ analysisRuns }: RolloutDetail): readonly string[] {
  const run = analysisRuns.at(-1);
  if (run === undefined) return [];
  return run.metrics.map(({ name, phase, message, measurements }) => {
    const said = message ?? measurements.at(-1)?.message ?? '';
    return `  evidence  ${name}: ${phase}. ${said}`;
  });
}

function releaseLine([release, { requests, errors, slow }]: [string, LoadReport['releases'][string]]): string {
  return `  users     ${release.padEnd(16)} ${String(requests).padStart(6)} answers  ${errors} errors  ${slow} slow`;
}
