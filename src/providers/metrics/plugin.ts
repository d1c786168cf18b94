import type { FieldErrors } from '../../api/field-error.ts';
import { optionalRecord, textMapOf, type JsonRecord } from '../../api/json-access.ts';
import type { Json } from '../../api/object.ts';
import { anyObject } from '../../api/schema.ts';
import { parseDuration } from '../../base/duration.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import type { MetricOutcome, MetricProvider, MetricWindow, PluginRequest } from './contract.ts';
import { isFiniteJson, parseJsonDocument, sortMembers } from './json-document.ts';
import { badAnswer, isSuccess, refusal, vendorWords } from './refusal.ts';

/** What a plug-in has asked to be told again. */
export interface PluginMeasurement {
  readonly status: Json;
}

/** A provider that asks a plug-in. */
export type PluginProvider = MetricProvider<Json, PluginMeasurement, PluginRequest>;

const requestId = 'plugin';
/** Where the status stands in the metadata of a measurement, and how long it may be. */
const statusKey = 'sluice.dev/plugin-status';
const statusBytesMax = 2048;
const metadataBytesMax = 1024;
/** A plug-in is not asked more often than this, nor more seldom. */
const [resumeMsMin, resumeMsMax] = [1000, 3_600_000];
const verdicts = ['Successful', 'Failed', 'Inconclusive'] as const;
const kinds = ['value', 'noData', 'phase', 'error'] as const;

/**
 * A metric plug-in that the settings of the controller name (docs/metric-plug-ins.md). Its answer is an object with one
 * of `value`, which conditions judge, `noData`, `phase`, when it judges itself or goes on, and `error`.
 */
export function createPluginProvider(name: string): PluginProvider {
  return {
    name,
    plugin: true,
    schema: anyObject,
    parse: (configuration: Json): Result<Json, FieldErrors> => succeed(configuration),
    start: (_, window) => ({ status: keptStatus(window) }),
    requests: (config, _, { status }) => [{ kind: 'plugin', id: requestId, plugin: name, config, status }],
    fold(_, window, state, responses) {
      const response = responses.find(({ id }) => id === requestId);
      if (response === undefined) return { state, outcome: badAnswer(`the plug-in ${name} did not answer`) };
      if (response.kind === 'failure') {
        const message = `the plug-in ${name}: ${response.message}`;
        return { state, outcome: { kind: 'error', code: response.code, message } };
      }
      const { status, body } = response;
      if (!isSuccess(status)) return { state, outcome: refusal(`the plug-in ${name}`, status) };
      const read = readAnswer(body, window);
      if (!read.ok) return { state, outcome: badAnswer(`the plug-in ${name}: ${read.error}`) };
      return { state: { status: read.value.status ?? null }, outcome: read.value.outcome };
    },
    store: () => ({}),
    restore: (_, window) => succeed({ status: keptStatus(window) }),
  };
}

function keptStatus({ kept }: MetricWindow): Json {
  const document = parseJsonDocument(kept?.[statusKey] ?? 'null');
  return document.ok ? document.value : null;
}

interface Answer {
  readonly outcome: MetricOutcome;
  readonly status?: Json;
}

function readAnswer(body: string, window: MetricWindow): Result<Answer, string> {
  const document = parseJsonDocument(body);
  const answer = optionalRecord(document.ok ? document.value : undefined);
  if (answer === undefined) return fail('its answer is no JSON object');
  const [kind, another] = kinds.filter((name) => answer[name] !== undefined);
  if (kind === undefined || another !== undefined) return fail(`its answer must have one of ${kinds.join(', ')}`);
  const metadata = textMapOf(answer['metadata']);
  if (bytesOf(metadata) > metadataBytesMax) return fail(`its metadata is longer than ${metadataBytesMax} bytes`);
  const noted = Object.keys(metadata).length === 0 ? {} : { metadata };
  switch (kind) {
    case 'value':
      return readValue(answer['value'] as Json, noted);
    case 'noData':
      return succeed({ outcome: { kind: 'noData', reason: wordsOf(answer, 'noData', 'it has no data'), ...noted } });
    case 'error':
      return fail(wordsOf(answer, 'error', 'it has failed'));
    default:
      return readPhase(answer, window, noted);
  }
}

type Noted = { readonly metadata?: Readonly<Record<string, string>> };

function readValue(value: Json, noted: Noted): Result<Answer, string> {
  if (value === null) return succeed({ outcome: { kind: 'noData', reason: 'its value is null', ...noted } });
  if (!isFiniteJson(value)) return fail('a number in its value is too large');
  return succeed({ outcome: { kind: 'sample', value: sortMembers(value), ...noted } });
}

function readPhase(answer: JsonRecord, { nowMs }: MetricWindow, noted: Noted): Result<Answer, string> {
  const { phase } = answer;
  const message = wordsOf(answer, 'message', '');
  const verdict = verdicts.find((known) => known === phase);
  // The conditions of the metric are not asked then, so that it has to say what it found.
  if (verdict !== undefined) {
    const value = wordsOf(answer, 'result', verdict);
    return succeed({
      outcome: { kind: 'verdict', phase: verdict, value, message: message || `it says ${verdict}`, ...noted },
    });
  }
  if (phase !== 'Running') return fail(`its phase must be one of Running, ${verdicts.join(', ')}`);
  const status = (answer['status'] ?? null) as Json;
  const text = JSON.stringify(status);
  if (Buffer.byteLength(text) > statusBytesMax) return fail(`its status is longer than ${statusBytesMax} bytes`);
  const delay = parseDuration(typeof answer['resumeAfter'] === 'string' ? answer['resumeAfter'] : '');
  if (!delay.ok) return fail(`resumeAfter: ${delay.error}`);
  const resumeAtMs = nowMs + Math.min(Math.max(delay.value, resumeMsMin), resumeMsMax);
  const metadata = { ...noted.metadata, [statusKey]: text };
  const going = message === '' ? 'it goes on' : message;
  return succeed({ status, outcome: { kind: 'observing', resumeAtMs, value: '', message: going, metadata } });
}

function wordsOf(answer: JsonRecord, field: string, initial: string): string {
  const words = vendorWords(answer[field]);
  return words === '' ? initial : words;
}

function bytesOf(metadata: Readonly<Record<string, string>>): number {
  return Buffer.byteLength(JSON.stringify(metadata));
}
