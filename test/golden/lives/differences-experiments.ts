import { isDeepStrictEqual } from 'node:util';

import { hasExperimentStep } from './life-facts.ts';
import type { EventRule, LifeRule } from './life-rule.ts';

/** What the reference does twice because it reads what is older than its own writes. */
export const staleReadRule: LifeRule = {
  name: 'a stale read tells nothing twice',
  reason:
    'The reference carries an Experiment out on a copy that is older than its own writes, so it tells the same change of ' +
    'phase again and makes a second run (`….1`) of an analysis (Appendix E, defect 2). Ours knows what it wrote: each ' +
    'change is told once, and each run is made once.',
  applies: hasExperimentStep,
  explains: ({ kind, what, object, recorded, ours }) =>
    (kind === 'created' && what === 'created: AnalysisRun' && isDeepStrictEqual(withoutSecond(recorded), ours)) ||
    (object.startsWith('AnalysisRun/') && isSecond(object)),
};

function withoutSecond(names: readonly string[]): readonly string[] {
  return names.filter((name) => !isSecond(name) || !names.includes(name.replace(/\.1$/u, '')));
}

function isSecond(name: string): boolean {
  return name.endsWith('.1');
}

/** A recorded specification has a generation more than ours when the reference wrote what nobody asked for. */
export const wholeWriteRule: LifeRule = {
  name: 'a note on a Rollout leaves its specification alone',
  reason:
    'When the reference notes the revision on a Rollout, it writes the whole object, and with it the empty structures of ' +
    'experiment steps (Appendix E: empty structs are written), which is a new generation that nobody asked for. Ours ' +
    'writes the annotation and nothing else (invariant I17).',
  applies: hasExperimentStep,
  explains: ({ kind, object, path, recorded, ours }) =>
    kind === 'status' &&
    object.startsWith('Rollout/') &&
    path === 'observedGeneration' &&
    Number(ours[0]) === Number(recorded[0]) - 1,
};

/** What it tells twice for that reason. */
export const staleEventRule: EventRule = {
  name: 'a stale read tells nothing twice',
  reason: 'Told with what is done.',
  applies: hasExperimentStep,
  once: /^(?:Template|Experiment|AnalysisRun)/u,
};
