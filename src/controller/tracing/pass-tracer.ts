import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import type { Decision } from '../../engine/decision.ts';
import type { RolloutView } from '../../engine/world.ts';
import type { Intent, Journal, JournalResult } from '../journal.ts';
import type { PassReport } from '../metrics/pass-families.ts';
import type { Span } from './span.ts';

/** Makes the trace of a pass out of what the controller tells anyway: its decision, its journal, and its end. */
export interface PassTracer {
  onDecision(rollout: RolloutView, decision: Decision): void;
  /** The journal, with a span for each of its entries. */
  journal(inner: Journal): Journal;
  onPass(pass: TracedPass): void;
}

/** What is told of a pass when it has ended. */
export type TracedPass = Pick<PassReport, 'kind' | 'namespace' | 'name' | 'outcome' | 'durationMs'>;

/** What the tracer is made with. */
export interface PassTracerOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Of a hundred passes so many are traced. */
  readonly percent: number;
  onTrace(spans: readonly Span[]): void;
}

/** Passes under way whose parts are kept; more at once are traced without parts. */
const passesMax = 2000;
/** Effects of one pass that become spans. */
const effectsMax = 100;

/** Makes a tracer. One object is never worked on twice at once, so its name is enough to find its pass. */
export function createPassTracer(options: PassTracerOptions): PassTracer {
  return new NotingTracer(options);
}

class NotingTracer implements PassTracer {
  readonly #options: PassTracerOptions;
  readonly #passes = new Map<string, PassParts>();
  /** Effects under way, by the number of their entry in the journal. */
  readonly #open = new Map<number, EffectPart>();

  constructor(options: PassTracerOptions) {
    this.#options = options;
  }

  onDecision(rollout: RolloutView, { reason, state, effects }: Decision): void {
    const parts = this.#partsOf(`${rollout.namespace}/${rollout.name}`);
    if (parts === undefined) return;
    parts.decidedAtMs = this.#options.clock.monotonic();
    parts.attributes = {
      'sluice.reason': reason.code,
      'sluice.why': reason.message,
      'sluice.state': state,
      'sluice.effects': effects.length,
    };
  }

  journal(inner: Journal): Journal {
    const { clock } = this.#options;
    return {
      begin: async (intent) => {
        const sequence = await inner.begin(intent);
        const effects = this.#partsOf(keyOf(intent))?.effects;
        if (effects !== undefined && effects.length < effectsMax) {
          const effect: EffectPart = { intent, startMs: clock.monotonic() };
          effects.push(effect);
          if (this.#open.size < passesMax) this.#open.set(sequence, effect);
        }
        return sequence;
      },
      end: async (sequence, result) => {
        const effect = this.#open.get(sequence);
        this.#open.delete(sequence);
        if (effect !== undefined) Object.assign(effect, { endMs: clock.monotonic(), result });
        await inner.end(sequence, result);
      },
    };
  }

  onPass({ kind, namespace, name, outcome, durationMs }: TracedPass): void {
    const { clock, random, percent } = this.#options;
    const key = `${namespace}/${name}`;
    const parts = kind === 'Rollout' ? this.#passes.get(key) : undefined;
    if (kind === 'Rollout') this.#passes.delete(key);
    if (random.next() * 100 >= percent) return;
    const endMs = clock.monotonic();
    const startMs = endMs - durationMs;
    const pass: PartSpan = {
      name: `reconcile ${kind}`,
      startMs,
      endMs,
      attributes: {
        'k8s.namespace.name': namespace,
        'sluice.kind': kind,
        'sluice.name': name,
        'sluice.outcome': outcome,
        ...parts?.attributes,
      },
      ...(outcome === 'done' ? {} : { error: outcome }),
    };
    this.#options.onTrace(this.#trace(pass, partSpans(parts, startMs, endMs)));
  }

  /** Gives ids to the spans of a pass, and turns their times into wall time. */
  #trace(pass: PartSpan, parts: readonly PartSpan[]): readonly Span[] {
    const { clock } = this.#options;
    const offsetMs = clock.now() - clock.monotonic();
    const traceId = this.#id(32);
    const rootId = this.#id(16);
    const placed = (span: PartSpan, spanId: string): Span => ({
      ...span,
      traceId,
      spanId,
      startMs: span.startMs + offsetMs,
      endMs: span.endMs + offsetMs,
    });
    return [placed(pass, rootId), ...parts.map((part) => ({ ...placed(part, this.#id(16)), parentSpanId: rootId }))];
  }

  /** Hexadecimal digits, never all zero. */
  #id(digits: number): string {
    const { random } = this.#options;
    return Array.from({ length: digits / 4 }, () => random.integer(1, 0xff_ff).toString(16).padStart(4, '0')).join('');
  }

  #partsOf(key: string): PassParts | undefined {
    const known = this.#passes.get(key);
    if (known !== undefined || this.#passes.size >= passesMax) return known;
    const parts: PassParts = { effects: [], decidedAtMs: undefined, attributes: {} };
    this.#passes.set(key, parts);
    return parts;
  }
}

interface PassParts {
  readonly effects: EffectPart[];
  decidedAtMs: number | undefined;
  attributes: Span['attributes'];
}

interface EffectPart {
  readonly intent: Intent;
  readonly startMs: number;
  endMs?: number;
  result?: JournalResult;
}

type PartSpan = Omit<Span, 'traceId' | 'spanId' | 'parentSpanId'>;

/** Up to the decision, each effect, and what comes after the last one: the status. Times are monotonic. */
function partSpans(parts: PassParts | undefined, startMs: number, endMs: number): readonly PartSpan[] {
  if (parts?.decidedAtMs === undefined) return [];
  const { decidedAtMs } = parts;
  const effects = parts.effects.map((effect) => effectSpan(effect, endMs));
  const lastMs = effects.reduce((latest, effect) => Math.max(latest, effect.endMs), decidedAtMs);
  return [
    { name: 'observe and decide', startMs, endMs: decidedAtMs, attributes: {} },
    ...effects,
    { name: 'write status', startMs: lastMs, endMs, attributes: {} },
  ];
}

function effectSpan({ intent, startMs, endMs, result }: EffectPart, passEndMs: number): PartSpan {
  const { action, text, revision } = intent;
  const failure = result === undefined || result.kind === 'done' ? undefined : failureText(result);
  return {
    name: action,
    startMs,
    endMs: endMs ?? passEndMs,
    attributes: { 'sluice.effect': text, 'sluice.revision': revision },
    ...(failure === undefined ? {} : { error: failure }),
  };
}

function failureText(result: Exclude<JournalResult, { kind: 'done' }>): string {
  return result.kind === 'failed' ? result.code : 'the answer was lost';
}

/** The subject is `cluster/namespace/name`, and the name of a cluster may hold slashes. */
function keyOf({ subject }: Intent): string {
  return subject.split('/').slice(-2).join('/');
}
