import type { JudgeReport } from '../../analysis/judge/judge-report.ts';
import type { JudgeSettings } from '../../analysis/judge/judge-settings.ts';
import { initialJudgeState, type JudgeState, type KindState } from '../../analysis/judge/judge-state.ts';
import { incrementProblem } from '../../analysis/judge/judge.ts';
import { optionalRecord, recordOf, textMapOf } from '../../api/json-access.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import type { Sources } from './judge-pages.ts';

/** What of a measurement goes into the status of its run. */
export interface StoredJudge {
  readonly report: JudgeReport;
  readonly notes: readonly string[];
  readonly judged: JudgeState;
  readonly sources: Sources;
}

const summaryBytesMax = 700;
const noteBytesMax = 220;
const notesMax = 4;

/**
 * Metadata of a measurement, at most 4 kB:
 *
 * - `verdict` and `summary` for a person; `notes` on what was repaired, refused or is missing, one a line; `sources`,
 *   the metric by which each kind is counted;
 * - `report`, the whole reasoning as JSON (see `JudgeReport`);
 * - `state`, from which a new process goes on.
 */
export function storeJudge({ report, notes, judged, sources }: StoredJudge): Readonly<Record<string, string>> {
  const { summary, ...reasoning } = report;
  const shown = notes.slice(0, notesMax).map((note) => cutBytes(note.replaceAll('\n', ' '), noteBytesMax));
  if (notes.length > notesMax) shown.push(`… and ${notes.length - notesMax} more`);
  return {
    verdict: report.verdict,
    summary: cutBytes(summary, summaryBytesMax),
    ...(shown.length === 0 ? {} : { notes: shown.join('\n') }),
    ...(Object.keys(sources).length === 0 ? {} : { sources: JSON.stringify(sources) }),
    report: JSON.stringify(reasoning, roundDown),
    state: JSON.stringify(judged, roundDown),
  };
}

/** Four decimals, rounded down so that rounding adds no evidence; what is rounded already stays. */
function roundDown(_: string, value: unknown): unknown {
  return typeof value === 'number' ? Math.floor(value * 10_000 + 1e-6) / 10_000 : value;
}

/** Evidence and sources from what was stored; fails with a reason when they do not fit the settings. */
export function restoreJudge(
  settings: JudgeSettings,
  metadata: Readonly<Record<string, string>>,
): Result<Pick<StoredJudge, 'judged' | 'sources'>, string> {
  const stored = parseObject(metadata['state'] ?? '');
  if (stored === undefined) return fail('the stored evidence is not a JSON object');
  const states: [string, KindState][] = [];
  for (const [name, initial] of Object.entries(initialJudgeState(settings))) {
    const state = restoreShape(stored[name], initial);
    if (state === undefined || incrementProblem(state.totals, 'podSeconds') !== undefined)
      return fail(`the stored evidence of ${name} does not fit the configuration`);
    states.push([name, state]);
  }
  return succeed({ judged: Object.fromEntries(states), sources: textMapOf(parseObject(metadata['sources'] ?? '{}')) });
}

/**
 * The reasoning of a judge as stored in `metricResults[].metadata`, with the sources and notes; undefined when the
 * metadata are not a judge's.
 */
export function judgeReportOf(
  metadata: Readonly<Record<string, string>>,
): (JudgeReport & { readonly sources: Sources; readonly notes: readonly string[] }) | undefined {
  const report = parseObject(metadata['report'] ?? '');
  if (report === undefined || !isReport(report)) return undefined;
  return {
    ...report,
    summary: metadata['summary'] ?? '',
    sources: textMapOf(parseObject(metadata['sources'] ?? '{}')),
    notes: (metadata['notes'] ?? '').split('\n').filter((note) => note !== ''),
  };
}

function isReport(value: object): value is JudgeReport {
  const { verdict, rollback, kinds } = recordOf(value);
  return typeof verdict === 'string' && typeof recordOf(rollback)['evidence'] === 'number' && Array.isArray(kinds);
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return optionalRecord(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** The value when it has exactly the shape of the model: the same fields, lists as long, finite numbers. */
function restoreShape<Model>(value: unknown, model: Model): Model | undefined {
  return hasShape(value, model) ? (value as Model) : undefined; // the shape was just compared
}

function hasShape(value: unknown, model: unknown): boolean {
  if (typeof model === 'number') return typeof value === 'number' && Number.isFinite(value);
  if (Array.isArray(model)) {
    return Array.isArray(value) && value.length === model.length && model.every((one, at) => hasShape(value[at], one));
  }
  const record = optionalRecord(value);
  const fields = Object.entries(recordOf(model));
  return (
    record !== undefined && fields.every(([name, one]) => Object.hasOwn(record, name) && hasShape(record[name], one))
  );
}

/** Cuts a text so that its UTF-8 form has at most so many bytes, and marks the cut. */
function cutBytes(text: string, bytesMax: number): string {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= bytesMax) return text;
  // A character that the cut falls into becomes U+FFFD, which goes too.
  return `${new TextDecoder().decode(bytes.slice(0, bytesMax - 3)).replace(/\uFFFD$/, '')}…`;
}
