import { emptyTrail, trailPointsMax, type EvidenceTrail } from '../../analysis/judge/evidence-trail.ts';
import type { JudgeReport } from '../../analysis/judge/judge-report.ts';
import type { JudgeState } from '../../analysis/judge/judge-state.ts';
import type { Knowledge } from '../../analysis/judge/knowledge.ts';
import { listOf, numberOf, textMapOf } from '../../api/json-access.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import { metadataBytesMax } from './contract.ts';
import type { JudgeConfig } from './judge-config.ts';
import { packGauges, unpackGauges, type GaugeStates } from './judge-gauges.ts';
import { countedKinds, settingsWith, type Sources } from './judge-kinds.ts';
import { packReport, unpackReport } from './judge-stored-report.ts';
import { packState, parseObject, unpackKnowledge, unpackState } from './judge-stored-state.ts';

/** What of a measurement goes into the status of its run. */
export interface StoredJudge {
  readonly report: JudgeReport;
  readonly notes: readonly string[];
  readonly judged: JudgeState;
  readonly sources: Sources;
  readonly trail: EvidenceTrail;
  readonly gauges: GaugeStates;
}

const summaryBytesMax = 700;
const noteBytesMax = 220;
const notesMax = 4;

/**
 * Metadata of a measurement, at most 4 kB:
 *
 * - `verdict` and `summary` for a person; `notes` on what was repaired, refused or is missing, one a line; `sources`,
 *   what was read and how;
 * - `report`, the whole reasoning as JSON (see `JudgeReport`), and `trail`, how the evidence went;
 * - `state`, from which a new process goes on, and the next release in what it knows of the service.
 *
 * Where all of it is too long, single bad pods, notes and the trail are left out, in this order.
 */
export function storeJudge(stored: StoredJudge): Readonly<Record<string, string>> {
  const forms = [
    stored,
    { ...stored, notes: stored.notes.slice(0, 1) },
    { ...stored, notes: stored.notes.slice(0, 1), trail: emptyTrail },
  ];
  const written = forms.map((form, at) => writeJudge(form, at === 0 ? podsKept : 0));
  const [, , shortest = {}] = written;
  return written.find((one) => bytesOf(one) <= metadataBytesMax) ?? shortest;
}

/** Single pods whose bets are kept one by one. */
const podsKept = 8;

function writeJudge(
  { report, notes, judged, sources, trail, gauges }: StoredJudge,
  pods: number,
): Readonly<Record<string, string>> {
  const { summary, ...reasoning } = report;
  const shown = notes.slice(0, notesMax).map((note) => cutBytes(note.replaceAll('\n', ' '), noteBytesMax));
  if (notes.length > notesMax) shown.push(`… and ${notes.length - notesMax} more`);
  return {
    verdict: report.verdict,
    summary: cutBytes(summary, summaryBytesMax),
    ...(shown.length === 0 ? {} : { notes: shown.join('\n') }),
    ...(Object.keys(sources).length === 0 ? {} : { sources: JSON.stringify(sources) }),
    ...(trail.points.length === 0 ? {} : { trail: packTrail(trail) }),
    report: packReport(reasoning),
    ...(Object.keys(gauges).length === 0 ? {} : { gauges: JSON.stringify(packGauges(gauges)) }),
    state: packState(judged, pods),
  };
}

/** Evidence and what belongs to it from what was stored; fails with a reason when it does not fit the configuration. */
export function restoreJudge(
  config: JudgeConfig,
  metadata: Readonly<Record<string, string>>,
): Result<Pick<StoredJudge, 'judged' | 'sources' | 'trail' | 'gauges'>, string> {
  const sources = textMapOf(parseObject(metadata['sources'] ?? '{}'));
  const settings = settingsWith(config.settings, countedKinds(config.counted, sources));
  const judged = unpackState(settings, metadata['state'] ?? '');
  if (!judged.ok) return judged;
  const trail = unpackTrail(metadata['trail']);
  const gauges = unpackGauges(config.gauges, parseObject(metadata['gauges'] ?? '{}') ?? {});
  return trail === undefined
    ? fail('the stored trail of the evidence is not what a judge writes')
    : succeed({ judged: judged.value, sources, trail, gauges });
}

/** What an earlier observation of the same service learned of its stable side, by kind. */
export function carriedKnowledge(earlier: Readonly<Record<string, string>>): Readonly<Record<string, Knowledge>> {
  return unpackKnowledge(earlier['state'] ?? '');
}

/** A judge's reasoning with what was read, what was noted, and how the evidence went. */
export interface ToldReport extends JudgeReport {
  readonly sources: Sources;
  readonly notes: readonly string[];
  readonly trail: EvidenceTrail;
}

/** The reasoning of a judge as stored in `metricResults[].metadata`; undefined when the metadata are not a judge's. */
export function judgeReportOf(metadata: Readonly<Record<string, string>>): ToldReport | undefined {
  const report = unpackReport(metadata['report'] ?? '');
  if (report === undefined) return undefined;
  return {
    ...report,
    summary: metadata['summary'] ?? '',
    sources: textMapOf(parseObject(metadata['sources'] ?? '{}')),
    notes: (metadata['notes'] ?? '').split('\n').filter((note) => note !== ''),
    trail: unpackTrail(metadata['trail']) ?? emptyTrail,
  };
}

/** Evidence beyond this is far off every plot. */
const trailLimit = 50;

/** One decimal is more than a plot shows. */
function packTrail({ every, looks, points }: EvidenceTrail): string {
  const rounded = (value: number): number => Math.round(Math.max(-trailLimit, Math.min(trailLimit, value)) * 10) / 10;
  const promotes = points.some(({ promote }) => promote !== undefined);
  return JSON.stringify({
    every,
    looks,
    rollback: points.map(({ rollback }) => rounded(rollback)),
    ...(promotes ? { promote: points.map(({ promote = 0 }) => rounded(promote)) } : {}),
  });
}

function unpackTrail(text: string | undefined): EvidenceTrail | undefined {
  if (text === undefined) return emptyTrail;
  const { every, looks, rollback, promote } = parseObject(text) ?? {};
  const numbers = (value: unknown): readonly number[] => listOf(value).map(numberIn);
  const [harm, health] = [numbers(rollback), numbers(promote)];
  const [everyLook, looksSince] = [numberIn(every), numberIn(looks)];
  if (!(everyLook >= 1 && looksSince >= 0 && harm.length > 0 && harm.length <= trailPointsMax)) return undefined;
  if (![...harm, ...health].every(Number.isFinite)) return undefined;
  const points = harm.map((value, at) => {
    const proof = health[at];
    return { rollback: value, ...(proof === undefined ? {} : { promote: proof }) };
  });
  return { every: everyLook, looks: looksSince, points };
}

function numberIn(value: unknown): number {
  return numberOf(value) ?? Number.NaN;
}

function bytesOf(metadata: Readonly<Record<string, string>>): number {
  return Object.entries(metadata).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  );
}

/** Cuts a text so that its UTF-8 form has at most so many bytes, and marks the cut. */
function cutBytes(text: string, bytesMax: number): string {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= bytesMax) return text;
  // A character that the cut falls into becomes U+FFFD, which goes too.
  return `${new TextDecoder().decode(bytes.slice(0, bytesMax - 3)).replace(/\uFFFD$/, '')}…`;
}
