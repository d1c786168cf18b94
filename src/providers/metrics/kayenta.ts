import type { FieldErrors } from '../../api/field-error.ts';
import { listOf, numberOf, recordOf, textOf } from '../../api/json-access.ts';
import { kayentaSchema } from '../../api/metric-provider.ts';
import type { Json } from '../../api/object.ts';
import { errorCatalogue } from '../../base/error.ts';
import { unreachable } from '../../base/invariant.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import { ConfigReader } from './config-reader.ts';
import type { MetricOutcome, MetricProvider, MetricRequest, MetricResponse, MetricWindow } from './contract.ts';
import { badAnswer, isSuccess, jsonOf, refusal, vendorWords } from './refusal.ts';

/** A judgement by Kayenta with its defaults filled in. */
export interface KayentaConfig {
  readonly address: URL;
  readonly application: string;
  readonly canaryConfigName: string;
  readonly metricsAccountName: string;
  readonly configurationAccountName: string;
  readonly storageAccountName: string;
  readonly threshold: { readonly pass: number; readonly marginal: number };
  /** As Kayenta takes them, by name. */
  readonly scopes: Readonly<Record<string, Json>>;
}

/** How far a judgement has come. */
export type KayentaState =
  | { readonly stage: 'find' }
  | { readonly stage: 'start'; readonly configId: string }
  /** `silentSinceMs`: since when Kayenta has not answered. */
  | { readonly stage: 'wait'; readonly executionId: string; readonly silentSinceMs: number | undefined };

/** Where the id of a judgement stands in the metadata of its measurement. */
const executionKey = 'canaryExecutionId';
const title = 'Kayenta';
const requestId = 'kayenta';
const timeoutMs = 15_000;
const bodyBytesMax = 4 * 2 ** 20;
const pollMs = 15_000;
/** A Kayenta that does not answer for so long has lost the judgement. */
const silenceMsMax = 60_000;
/** No judgement takes longer. */
const judgementMsMax = 24 * 3_600_000;

/**
 * `kayenta`: starts a canary analysis, waits for it, and compares its score with the thresholds: from `pass` on it is
 * Successful, from `marginal` on Inconclusive, and below Failed (Kayenta's Swagger API: canary-config-controller,
 * canary-controller). An analysis that was started once is waited for and not started again, by a fresh process too.
 */
export const kayenta: MetricProvider<KayentaConfig, KayentaState> = {
  name: 'kayenta',
  plugin: false,
  schema: kayentaSchema,
  parse,
  start: (_, { kept }) => startOf(kept?.[executionKey] ?? ''),
  requests: (config, _, state) => [requestOf(config, state)],
  fold(config, window, state, responses) {
    const response = responses.find(({ id }) => id === requestId) ?? unanswered;
    switch (state.stage) {
      case 'find':
        return foldConfigs(config, state, response);
      case 'start':
        return foldStart(window, state, response);
      case 'wait':
        return foldWait(config, window, state, response);
      default:
        return unreachable(state);
    }
  },
  store: () => ({}),
  restore: (config, window) => succeed(kayenta.start(config, window)),
};

const unanswered: MetricResponse = {
  kind: 'failure',
  id: requestId,
  code: 'MetricUnreachable',
  message: `${title} did not answer`,
};

interface Folded {
  readonly state: KayentaState;
  readonly outcome: MetricOutcome;
}

function parse(configuration: Json): Result<KayentaConfig, FieldErrors> {
  const fields = new ConfigReader(configuration);
  const address = fields.httpUrl('address');
  const needed = (name: string): string => {
    const text = fields.text(name, '').trim();
    if (text === '') fields.refuse(name, `give its name as ${title} knows it`);
    return text;
  };
  const names = {
    application: needed('application'),
    canaryConfigName: needed('canaryConfigName'),
    metricsAccountName: needed('metricsAccountName'),
    configurationAccountName: needed('configurationAccountName'),
    storageAccountName: needed('storageAccountName'),
  };
  const limits = fields.nested('threshold');
  const range = { min: 0, max: 100 };
  const threshold = { pass: limits.number('pass', range), marginal: limits.number('marginal', range) };
  if (threshold.marginal > threshold.pass) limits.contradict('marginal', 'it must not be more than pass');
  const scopes = readScopes(fields);
  const errors = fields.errors();
  if (errors.length > 0 || address === undefined) return fail(errors);
  return succeed({ address, ...names, threshold, scopes });
}

function readScopes(fields: ConfigReader): Readonly<Record<string, Json>> {
  const items = fields.items('scopes');
  if (items.length === 0) fields.refuse('scopes', 'give at least one scope');
  const scopes = items.map((item): [string, Json] => {
    const name = item.text('name', '');
    if (name === '') item.refuse('name', 'give the name that the canary config knows the scope by');
    return [
      name,
      { controlScope: readScope(item, 'controlScope'), experimentScope: readScope(item, 'experimentScope') },
    ];
  });
  return Object.fromEntries(scopes);
}

function readScope(item: ConfigReader, name: string): Json {
  const fields = item.nested(name);
  const time = (field: string): string => {
    const text = fields.text(field, '').trim();
    if (text === '') fields.refuse(field, 'give a time such as "2026-11-25T09:30:00Z"');
    return text;
  };
  return {
    scope: fields.text('scope', ''),
    region: fields.text('region', ''),
    step: fields.integer('step', { min: 1, max: 86_400, initial: 60 }),
    start: time('start'),
    end: time('end'),
  };
}

function startOf(executionId: string): KayentaState {
  return executionId === '' ? { stage: 'find' } : { stage: 'wait', executionId, silentSinceMs: undefined };
}

function requestOf(config: KayentaConfig, state: KayentaState): MetricRequest {
  const { application, metricsAccountName, configurationAccountName, storageAccountName } = config;
  const common = { id: requestId, timeoutMs, bodyBytesMax };
  const headers = { accept: 'application/json' };
  switch (state.stage) {
    case 'find':
      return { ...common, url: urlOf(config, ['canaryConfig'], { application, configurationAccountName }), headers };
    case 'start': {
      const accounts = { application, metricsAccountName, configurationAccountName, storageAccountName };
      return {
        ...common,
        url: urlOf(config, ['canary', state.configId], accounts),
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify({ scopes: config.scopes, thresholds: config.threshold }),
      };
    }
    case 'wait':
      return { ...common, url: urlOf(config, ['canary', state.executionId], { storageAccountName }), headers };
    default:
      return unreachable(state);
  }
}

function urlOf({ address }: KayentaConfig, path: readonly string[], query: Readonly<Record<string, string>>): string {
  const url = new URL(address);
  url.pathname = [address.pathname.replace(/\/+$/, ''), ...path.map(encodeURIComponent)].join('/');
  url.search = new URLSearchParams(query).toString();
  return url.href;
}

function foldConfigs(config: KayentaConfig, state: KayentaState, response: MetricResponse): Folded {
  if (response.kind === 'failure') return { state, outcome: { ...response, kind: 'error' } };
  if (!isSuccess(response.status)) return { state, outcome: refused(response) };
  const configs = listOf(jsonOf(response.body)).map(recordOf);
  const id = textOf(configs.find(({ name }) => name === config.canaryConfigName)?.['id']);
  if (id !== '') return { state: { stage: 'start', configId: id }, outcome: { kind: 'again' } };
  const message = `${title} knows no canary config "${config.canaryConfigName}" of "${config.application}"`;
  return { state, outcome: badAnswer(message) };
}

function foldStart({ nowMs }: MetricWindow, state: KayentaState, response: MetricResponse): Folded {
  if (response.kind === 'failure') return { state, outcome: { ...response, kind: 'error' } };
  if (!isSuccess(response.status)) return { state, outcome: refused(response) };
  const executionId = textOf(recordOf(jsonOf(response.body))[executionKey]);
  if (executionId === '') return { state, outcome: badAnswer(`${title} started nothing that it names`) };
  return { state: startOf(executionId), outcome: waiting(nowMs, executionId, `${title} began its analysis`) };
}

function foldWait(
  config: KayentaConfig,
  { nowMs, startedAtMs }: MetricWindow,
  state: Extract<KayentaState, { stage: 'wait' }>,
  response: MetricResponse,
): Folded {
  const { executionId } = state;
  const metadata = { [executionKey]: executionId };
  if (response.kind === 'failure') {
    const since = state.silentSinceMs ?? nowMs;
    const silent = { ...state, silentSinceMs: since };
    const isOver = errorCatalogue[response.code].retry !== 'retry' || nowMs - since >= silenceMsMax;
    if (isOver) return { state: silent, outcome: { ...response, kind: 'error', metadata } };
    return { state: silent, outcome: waiting(nowMs, executionId, response.message) };
  }
  const heard = { ...state, silentSinceMs: undefined };
  if (!isSuccess(response.status)) return { state: heard, outcome: { ...refused(response), metadata } };
  const answer = recordOf(jsonOf(response.body));
  if (answer['complete'] === true) return { state: heard, outcome: { ...scored(config, answer), metadata } };
  const isLate = nowMs - startedAtMs >= judgementMsMax;
  if (answer['complete'] === false && !isLate) {
    return { state: heard, outcome: waiting(nowMs, executionId, `${title} goes on with its analysis`) };
  }
  const problem = isLate ? 'has not come to an end for a day' : 'does not say whether its analysis is complete';
  return { state: heard, outcome: { ...badAnswer(`${title} ${problem}`), metadata } };
}

type Final = Extract<MetricOutcome, { kind: 'verdict' | 'error' }>;

function scored({ threshold }: KayentaConfig, answer: Readonly<Record<string, unknown>>): Final {
  const { score } = recordOf(recordOf(recordOf(answer['result'])['judgeResult'])['score']);
  const number = numberOf(score);
  if (number === undefined || !Number.isFinite(number)) {
    const { message } = recordOf(answer['exception']);
    const words = vendorWords(answer['status'], message);
    return badAnswer(`${title} came to an end without a score${words === '' ? '' : `: ${words}`}`);
  }
  const message = `score ${number}, pass ${threshold.pass}, marginal ${threshold.marginal}`;
  return { kind: 'verdict', phase: phaseOf(number, threshold), value: String(Math.trunc(number)), message };
}

function phaseOf(
  score: number,
  { pass, marginal }: KayentaConfig['threshold'],
): 'Successful' | 'Inconclusive' | 'Failed' {
  if (score >= pass) return 'Successful';
  return score >= marginal ? 'Inconclusive' : 'Failed';
}

function waiting(nowMs: number, executionId: string, message: string): MetricOutcome {
  return {
    kind: 'observing',
    resumeAtMs: nowMs + pollMs,
    value: '',
    message,
    metadata: { [executionKey]: executionId },
  };
}

function refused({
  status,
  body,
}: Extract<MetricResponse, { kind: 'answer' }>): Extract<MetricOutcome, { kind: 'error' }> {
  const { message, error } = recordOf(jsonOf(body));
  return refusal(title, status, vendorWords(message) || vendorWords(error));
}
