import type { JudgeReport } from '../../analysis/judge/judge-report.ts';
import type { JudgeSettings } from '../../analysis/judge/judge-settings.ts';
import type { JudgeState } from '../../analysis/judge/judge-state.ts';
import { recordOf, textMapOf } from '../../api/json-access.ts';
import { succeed, type Result } from '../../base/result.ts';
import type { Sources } from './judge-pages.ts';
import { packState, parseObject, roundDown, unpackState } from './judge-stored-state.ts';

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
    report: JSON.stringify(reasoning, (_, value: unknown) => (typeof value === 'number' ? roundDown(value) : value)),
    state: packState(judged),
  };
}

/** Evidence and sources from what was stored; fails with a reason when they do not fit the settings. */
export function restoreJudge(
  settings: JudgeSettings,
  metadata: Readonly<Record<string, string>>,
): Result<Pick<StoredJudge, 'judged' | 'sources'>, string> {
  const judged = unpackState(settings, metadata['state'] ?? '');
  if (!judged.ok) return judged;
  return succeed({ judged: judged.value, sources: textMapOf(parseObject(metadata['sources'] ?? '{}')) });
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

/** Cuts a text so that its UTF-8 form has at most so many bytes, and marks the cut. */
function cutBytes(text: string, bytesMax: number): string {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= bytesMax) return text;
  // A character that the cut falls into becomes U+FFFD, which goes too.
  return `${new TextDecoder().decode(bytes.slice(0, bytesMax - 3)).replace(/\uFFFD$/, '')}…`;
}
