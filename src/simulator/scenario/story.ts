import { listOf, numberOf, recordOf, textOf } from '../../api/json-access.ts';
import type { KubeObject } from '../../api/object.ts';
import type { Flow, Frontend } from '../data-plane.ts';
import { selectedHash } from '../invariants/rollout-picture.ts';
import { readRouteWeights } from '../invariants/route-weights.ts';
import type { Commit } from '../ledger.ts';
import { containerOf, RevisionNames } from './revision-names.ts';

/** Something that is new at a moment. */
export interface Happening {
  readonly kind: 'event' | 'write' | 'other';
  readonly what: string;
}

/**
 * Tells a run as text that a reviewer can read: what happens at which second. Names that differ from run to run do not
 * occur; revisions are called by their images.
 */
export class Story {
  readonly #entries: { readonly second: number; readonly text: string }[] = [];
  readonly #now: () => number;
  readonly #names = new RevisionNames();
  readonly #lastLines = new Map<string, string>();
  #events: string[] = [];
  #eventsSecond = 0;
  #happenings: Happening[] = [];

  constructor(now: () => number) {
    this.#now = now;
  }

  /** What happened since the last time this was asked. */
  takeHappenings(): readonly Happening[] {
    const happenings = this.#happenings;
    this.#happenings = [];
    return happenings;
  }

  /** Adds a line of somebody who tells what they do. */
  tell(topic: string, text: string): void {
    this.#closeEvents();
    this.#entries.push({ second: this.#second, text: `${topic.padEnd(8)} ${text}` });
  }

  onCommit(commit: Commit): void {
    if (commit.writer === 'sluice') this.#happenings.push({ kind: 'write', what: commit.kind });
    switch (commit.kind) {
      case 'Rollout':
        this.#tellRollout(commit);
        return;
      case 'ReplicaSet':
        this.#tellReplicaSet(commit);
        return;
      case 'Deployment':
        this.#tellDeployment(commit);
        return;
      case 'Service':
        this.#tellService(commit);
        return;
      case 'HTTPRoute':
        this.#tellRoute(commit);
        return;
      case 'AnalysisRun':
        this.#tellRun('analysis', commit);
        return;
      case 'Experiment':
        this.#tellRun('trial', commit);
        return;
      case 'Event':
        this.#tellEvent(commit);
        return;
      default:
    }
  }

  /** Who answers users now; told only when it changed. */
  onFlow({ rollout }: Frontend, { pods, unserved }: Flow): void {
    const shares = new Map<string, number>();
    for (const { hash, share } of pods) shares.set(hash, (shares.get(hash) ?? 0) + share);
    const parts = [...shares].map(([hash, share]) => `${this.#names.of(hash) || 'deployment'} ${percent(share)}`);
    if (unserved > 0.0005) parts.push(`nobody ${percent(unserved)}`);
    const who = rollout.startsWith('testers') ? `${rollout}: ` : '';
    this.#tellNews(`traffic/${rollout}`, 'traffic', `${who}${parts.toSorted().join(', ')}`);
  }

  onLog(fields: object, message: string): void {
    if (message === 'a step plug-in answered') this.#tellPlugin(fields);
    // An Experiment tells by its status how it stands.
    if (message !== 'decision' || 'experiment' in fields) return;
    const { rollout = '', state = '', reason = '', why = '', effects } = fields as DecisionFields;
    const isSameState = this.#lastLines.get(`state/${rollout}`)?.startsWith(`${state}: `) === true;
    // What is done is told where it is done.
    if (isSameState && effects !== 0) return;
    this.#tellNews(`state/${rollout}`, 'state', `${state}: ${reason}, ${why}`);
  }

  /** All lines, each with its second. */
  lines(): readonly string[] {
    this.#writeEvents();
    let last = -1;
    return this.#entries.map(({ second, text }) => {
      const stamp = second === last ? '' : `${second}s`;
      last = second;
      // A revision may be spoken of before its ReplicaSet is there to name it.
      return `${stamp.padStart(6)}  ${this.#names.mask(text)}`.trimEnd();
    });
  }

  get #second(): number {
    return Math.floor(this.#now() / 1000);
  }

  #tellPlugin({ plugin = '', operation = '', phase = '', message = '' }: PluginFields): void {
    const text = `${operation} ${plugin}: ${phase}, ${message}`;
    if (phase === 'Running') this.#tellNews(`plug-in/${plugin}/${operation}`, 'plug-in', text);
    else this.tell('plug-in', text);
  }

  #tellNews(key: string, topic: string, text: string): void {
    if (this.#lastLines.get(key) === text) return;
    this.#lastLines.set(key, text);
    this.tell(topic, text);
  }

  #tellRollout({ object, type, name }: Commit): void {
    if (type === 'DELETED') {
      this.tell('gone', name);
      return;
    }
    const status = recordOf(object['status']);
    const { phase, message } = status;
    if (phase !== undefined) {
      const text = textOf(message);
      this.#tellNews(`phase/${name}`, 'phase', `${textOf(phase)}${text === '' ? '' : `: ${text}`}`);
    }
    const stable = textOf(status['stableRS']);
    if (stable !== '') this.#tellNews(`stable/${name}`, 'stable', this.#names.of(stable));
    const steps = listOf(recordOf(recordOf(recordOf(object['spec'])['strategy'])['canary'])['steps']).length;
    const index = numberOf(status['currentStepIndex']);
    if (index !== undefined && steps > 0) this.#tellNews(`step/${name}`, 'step', `${index}/${steps}`);
  }

  #tellReplicaSet({ object, type, previous }: Commit): void {
    // Those of a Deployment are its own business.
    if (this.#names.hashOf(object) === '') return;
    this.#names.learn(object);
    const name = this.#names.of(this.#names.hashOf(object));
    if (type !== 'MODIFIED' || previous === undefined) {
      this.tell('pods', `${name} is ${type === 'ADDED' ? 'created' : 'deleted'}`);
      return;
    }
    this.#tellSize(name, sizesOf(previous), sizesOf(object));
    const [had, has] = [previous, object].map(({ metadata }) => metadata.annotations?.['scale-down-deadline']);
    if (had === undefined && has !== undefined) this.tell('delay', `${name} waits for its scale-down`);
  }

  #tellDeployment({ object, type, name }: Commit): void {
    const { image } = containerOf(object);
    const size = type === 'DELETED' ? 'gone' : `${sizesOf(object).replicas} x ${textOf(image)}`;
    this.#tellNews(`deployment/${name}`, 'deploy', `Deployment ${name} is ${size}`);
  }

  /** Pods that get ready are told when all are; every one that is lost is told. */
  #tellSize(name: string, before: Sizes, after: Sizes): void {
    const isNews = after.available < before.available || after.available >= after.replicas;
    if (before.replicas !== after.replicas) this.tell('pods', `${name} ${before.replicas} -> ${after.replicas}`);
    else if (after.available !== before.available && isNews) {
      this.tell('ready', `${name} ${after.available}/${after.replicas}`);
    }
  }

  #tellService({ object, previous, name }: Commit): void {
    if (previous === undefined || selectedHash(previous) === selectedHash(object)) return;
    this.tell('service', `${name} leads to ${this.#names.of(selectedHash(object)) || 'all revisions'}`);
  }

  #tellRoute({ object, name, type }: Commit): void {
    if (type === 'DELETED') return;
    const { managed } = readRouteWeights(object, '', '');
    const rules = listOf(recordOf(object['spec'])['rules']).map(recordOf);
    const backends = listOf(rules.at(-1)?.['backendRefs']).map(recordOf);
    const weights = backends.map((backend) => `${textOf(backend['name'])} ${numberOf(backend['weight']) ?? '-'}`);
    const routes = managed === 0 ? '' : ` (and ${managed} managed rule${managed === 1 ? '' : 's'})`;
    this.#tellNews(`weights/${name}`, 'weights', `${weights.join(', ')}${routes}`);
  }

  #tellRun(topic: 'analysis' | 'trial', { object, type, name }: Commit): void {
    if (type === 'DELETED') {
      this.tell(topic, `${name} is deleted`);
      return;
    }
    const { phase, message } = recordOf(object['status']);
    const isStopped = recordOf(object['spec'])['terminate'] === true ? ', stopped' : '';
    const isOver = phase !== undefined && phase !== 'Running' && phase !== 'Pending' && textOf(message) !== '';
    const text = `${name} ${textOf(phase) || 'created'}${isStopped}${isOver ? `: ${textOf(message)}` : ''}`;
    this.#tellNews(`${topic}/${name}`, topic, text);
  }

  #tellEvent({ object, type }: Commit): void {
    if (type === 'DELETED') return;
    const reason = textOf(object['reason']);
    this.#happenings.push({ kind: 'event', what: reason });
    if (object['type'] === 'Warning') {
      this.tell('warning', `${reason}: ${textOf(object['message'])}`);
      return;
    }
    if (this.#eventsSecond !== this.#second) this.#closeEvents();
    this.#eventsSecond = this.#second;
    this.#events.push(reason);
  }

  /** Events are written beside everything else; those of one second are told together. */
  #closeEvents(): void {
    if (this.#eventsSecond !== this.#second) this.#writeEvents();
  }

  #writeEvents(): void {
    if (this.#events.length === 0) return;
    const text = `${'events'.padEnd(8)} ${this.#events.join(', ')}`;
    this.#entries.push({ second: this.#eventsSecond, text });
    this.#events = [];
  }
}

/** A line of the controller's log about one decision. */
interface DecisionFields {
  readonly rollout?: string;
  readonly state?: string;
  readonly reason?: string;
  readonly why?: string;
  readonly effects?: number;
}

/** A line of the controller's log about an answer of a step plug-in. */
interface PluginFields {
  readonly plugin?: string;
  readonly operation?: string;
  readonly phase?: string;
  readonly message?: string;
}

interface Sizes {
  readonly replicas: number;
  readonly available: number;
}

function sizesOf(set: KubeObject): Sizes {
  const replicas = numberOf(recordOf(set['spec'])['replicas']) ?? 1;
  return { replicas, available: numberOf(recordOf(set['status'])['availableReplicas']) ?? 0 };
}

function percent(share: number): string {
  return `${Math.round(share * 100)}%`;
}
