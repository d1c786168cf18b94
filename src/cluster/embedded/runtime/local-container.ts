import { sleep } from '../../../base/clock.ts';
import { formatInstant, parseInstant } from '../../../base/instant.ts';
import type { Container, ContainerState, ContainerStatus } from '../workloads/shapes.ts';
import type { ContainerHost } from './container-host.ts';
import { adoptProcess, startProcess, unknownEnd, type ContainerProcess, type ProcessEnd } from './container-process.ts';
import { Deadline } from './deadline.ts';
import { isRestarted, restartWaitMs, restartWaits, type ContainerObservation } from './pod-runtime.ts';
import { prepareContainer, type PreparedContainer } from './prepare-container.ts';
import { isAlive } from './process-table.ts';
import { runAction } from './run-action.ts';
import type { ContainerRecord } from './runtime-directory.ts';
import { watchProbe } from './watch-probe.ts';

/** What is known of a container from before this process was there. */
export interface EarlierLife {
  /** Its process, which may still run. */
  readonly record: ContainerRecord | undefined;
  /** What the pod's status said of it. */
  readonly status: ContainerStatus | undefined;
}

/** One container of a pod: its process, started again as often as its policy says, with its probes and hooks. */
export class LocalContainer {
  readonly container: Container;
  readonly #host: ContainerHost;
  readonly #restartPolicy: string;
  readonly #earlier: EarlierLife;
  readonly #stopping = new AbortController();
  readonly #firstStart = Promise.withResolvers<void>();
  #state: ContainerState = { waiting: { reason: 'ContainerCreating' } };
  #lastState: ContainerState | undefined;
  #restartCount: number;
  #failureCount = 0;
  #isStarted = false;
  #isReady = false;
  #process: ContainerProcess | undefined;
  #restarting: ContainerProcess | undefined;
  #prepared: PreparedContainer | undefined;
  #startedAt = '';

  constructor(container: Container, restartPolicy: string, host: ContainerHost, earlier: EarlierLife) {
    this.container = container;
    this.#restartPolicy = restartPolicy;
    this.#host = host;
    this.#earlier = earlier;
    const { record, status } = earlier;
    const hasRun = record === undefined && status?.containerID !== undefined;
    this.#restartCount = record?.restartCount ?? (status?.restartCount ?? 0) + (hasRun ? 1 : 0);
  }

  /** Resolves when the container has started for the first time, with its startup probe if it has one. */
  get started(): Promise<void> {
    return this.#firstStart.promise;
  }

  /** The container has come to its end and will not be started again. */
  get isOver(): boolean {
    return this.#state.terminated !== undefined;
  }

  /** Whether its last run ended well. */
  get isSuccess(): boolean {
    return this.#state.terminated?.exitCode === 0;
  }

  observe(): ContainerObservation {
    const { name, image = '' } = this.container;
    const identity = this.#process?.identity;
    return {
      name,
      image,
      state: this.#state,
      ...(this.#lastState === undefined ? {} : { lastState: this.#lastState }),
      restartCount: this.#restartCount,
      started: this.#isStarted,
      ready: this.#isReady,
      ...(identity === undefined ? {} : { containerID: containerId(identity) }),
    };
  }

  /** What a later life of this process must know of the container's process; undefined while there is none. */
  record(): ContainerRecord | undefined {
    const identity = this.#process?.identity;
    if (identity === undefined) return undefined;
    const { name } = this.container;
    return { ...identity, container: name, restartCount: this.#restartCount, startedAt: this.#startedAt };
  }

  /** Lives: resolves when the container is over for good. */
  async run(): Promise<void> {
    let process = this.#takeOver();
    do {
      const end = await this.#runOnce(process);
      process = undefined;
      if (end === undefined) return;
      this.#terminate(end);
      if (!isRestarted(this.#restartPolicy, end.exitCode)) return;
    } while (await this.#waitForRestart());
  }

  /** Ends the container within the deadline. Resolves when no process of it is left. */
  async end(deadline: Deadline): Promise<void> {
    this.#stopping.abort(new Error('the pod is being ended'));
    if (this.#process !== undefined) await this.#stopProcess(this.#process, deadline);
  }

  /** Leaves the process running when this process ends. */
  leave(): void {
    this.#stopping.abort(new Error('the runtime is closing'));
    this.#process?.leave();
  }

  /** The process of an earlier life: adopted if it still runs, or else its unseen end. */
  #takeOver(): ContainerProcess | undefined {
    const { record, status } = this.#earlier;
    if (record === undefined) return undefined;
    this.#startedAt = record.startedAt;
    if (!isAlive(record)) {
      const process = { signal: () => undefined, leave: () => undefined };
      return { ...process, identity: undefined, ended: Promise.resolve(unknownEnd) };
    }
    if (status?.containerID === containerId(record)) {
      // It was ready a moment ago, and nothing has happened to it.
      this.#isReady = status.ready;
      this.#isStarted = status.started;
    }
    return adoptProcess(record, this.#host.clock);
  }

  /** One run of the process. Undefined when the container was ended before it could start. */
  async #runOnce(adopted: ContainerProcess | undefined): Promise<ProcessEnd | undefined> {
    const prepared = await this.#prepare(adopted !== undefined);
    if (adopted === undefined && (prepared === undefined || this.#stopping.signal.aborted)) return undefined;
    this.#prepared = prepared;
    const process = adopted ?? this.#start(prepared);
    this.#process = process;
    this.#setState({ running: { startedAt: this.#startedAt } });
    const life = new AbortController();
    this.#stopping.signal.addEventListener('abort', () => life.abort(this.#stopping.signal.reason), { once: true });
    if (prepared !== undefined && process.identity !== undefined) this.#attend(prepared, process, life.signal);
    const end = await process.ended;
    life.abort(new Error('the process has ended'));
    return end;
  }

  #start(prepared: PreparedContainer | undefined): ContainerProcess {
    this.#startedAt = this.#now();
    const { command = [], target } = prepared ?? {};
    return startProcess({
      command,
      workingDirectory: target?.workingDirectory ?? '/',
      environment: target?.environment ?? new Map(),
      logPath: this.#host.logPath(this.container.name),
    });
  }

  /** Finds out how to run the container; again and again with growing waits, unless once is enough. */
  async #prepare(isOnce: boolean): Promise<PreparedContainer | undefined> {
    const { clock, firstRestartWaitMs } = this.#host;
    const { signal } = this.#stopping;
    for (let tryCount = 1; !signal.aborted; tryCount += 1) {
      const prepared = await prepareContainer(this.container, this.#host, signal);
      if (prepared.ok) return prepared.value;
      if (isOnce) return undefined;
      const { reason, message } = prepared.error;
      this.#setState({ waiting: { reason, message } });
      const waitMs = restartWaitMs(tryCount + 1, firstRestartWaitMs);
      if (tryCount > 1 && reason === 'ErrImagePull') {
        this.#setState({ waiting: { reason: 'ImagePullBackOff', message: `back-off pulling image: ${message}` } });
      }
      await sleep(clock, waitMs, signal).catch(() => undefined);
    }
    return undefined;
  }

  /** Runs the hook after the start and the probes for as long as the process lives. */
  #attend(prepared: PreparedContainer, process: ContainerProcess, signal: AbortSignal): void {
    const { postStart } = this.container.lifecycle ?? {};
    const { startupProbe } = this.container;
    if (postStart !== undefined) {
      void runAction(postStart, prepared.target, hookMsMax, signal).then((result) => {
        if (!result.ok) this.#restart(process, `the postStart hook failed: ${result.error}`);
      });
    }
    if (startupProbe === undefined || this.#isStarted) {
      this.#onStarted(prepared, process, signal);
      return;
    }
    const startup = new AbortController();
    signal.addEventListener('abort', () => startup.abort(signal.reason), { once: true });
    const onVerdict = (isSuccess: boolean, message: string): void => {
      startup.abort(new Error('the startup probe has decided'));
      if (isSuccess) this.#onStarted(prepared, process, signal);
      else this.#restart(process, `the startup probe failed: ${message}`, startupProbe.terminationGracePeriodSeconds);
    };
    void watchProbe(startupProbe, prepared.target, onVerdict, startup.signal);
  }

  #onStarted({ target }: PreparedContainer, process: ContainerProcess, signal: AbortSignal): void {
    const { readinessProbe, livenessProbe } = this.container;
    this.#isStarted = true;
    this.#isReady ||= readinessProbe === undefined;
    this.#firstStart.resolve();
    this.#host.onChange();
    if (readinessProbe !== undefined) {
      void watchProbe(readinessProbe, target, (isReady) => this.#setReady(isReady), signal, true);
    }
    if (livenessProbe !== undefined) {
      const onVerdict = (isAliveStill: boolean, message: string): void => {
        if (isAliveStill) return;
        this.#restart(process, `the liveness probe failed: ${message}`, livenessProbe.terminationGracePeriodSeconds);
      };
      void watchProbe(livenessProbe, target, onVerdict, signal);
    }
  }

  #setReady(isReady: boolean): void {
    if (this.#isReady === isReady) return;
    this.#isReady = isReady;
    this.#host.onChange();
  }

  /** Ends the process so that it is started again. */
  #restart(process: ContainerProcess, why: string, graceSeconds?: number): void {
    const { log, pod, clock, drain } = this.#host;
    if (this.#stopping.signal.aborted || this.#process !== process || this.#restarting === process) return;
    this.#restarting = process;
    log.warn({ pod: pod.metadata.name, container: this.container.name, why }, 'a container is ended and started again');
    this.#setReady(false);
    const grace = graceSeconds ?? pod.spec?.terminationGracePeriodSeconds ?? 30;
    const deadline = new Deadline(clock, grace * 1000);
    void this.#stopProcess(process, deadline)
      .then(() => drain(0))
      .then((resume) => resume());
  }

  /** Draining and the hook before the stop, then the request to stop, then force: all within the deadline. */
  async #stopProcess(process: ContainerProcess, deadline: Deadline): Promise<void> {
    const { preStop } = this.container.lifecycle ?? {};
    const before: Promise<unknown>[] = [this.#host.drain(deadline.leftMs / 2)];
    if (preStop !== undefined && this.#prepared !== undefined) {
      before.push(runAction(preStop, this.#prepared.target, Math.max(deadline.leftMs, 1), deadline.signal));
    }
    await deadline.reach(Promise.race([Promise.all(before), process.ended]));
    process.signal('SIGTERM', 'process');
    await deadline.reach(process.ended);
    process.signal('SIGKILL', 'group');
    await process.ended;
    deadline.clear();
  }

  #terminate({ exitCode, reason, message }: ProcessEnd): void {
    const nowMs = this.#host.clock.now();
    const ranMs = nowMs - (parseInstant(this.#startedAt) ?? nowMs);
    if (ranMs >= restartWaits.forgottenAfterMs) this.#failureCount = 0;
    this.#failureCount += 1;
    this.#process = undefined;
    this.#isStarted = false;
    this.#isReady = false;
    this.#setState({
      terminated: {
        exitCode,
        reason: reason ?? (exitCode === 0 ? 'Completed' : 'Error'),
        ...(message === undefined ? {} : { message }),
        startedAt: this.#startedAt,
        finishedAt: this.#now(),
      },
    });
  }

  /** Waits as long as the number of failures asks for. False when the container is to be ended instead. */
  async #waitForRestart(): Promise<boolean> {
    const { clock, firstRestartWaitMs, pod } = this.#host;
    const { signal } = this.#stopping;
    if (signal.aborted) return false;
    const ended = this.#state;
    const waitMs = restartWaitMs(this.#failureCount, firstRestartWaitMs);
    this.#lastState = ended;
    const where = `container=${this.container.name} pod=${pod.metadata.name}`;
    const message = `back-off ${waitMs / 1000}s restarting failed ${where}`;
    if (waitMs > 0) this.#setState({ waiting: { reason: 'CrashLoopBackOff', message } });
    await sleep(clock, waitMs, signal).catch(() => undefined);
    if (signal.aborted) {
      this.#setState(ended);
      return false;
    }
    this.#restartCount += 1;
    return true;
  }

  #setState(state: ContainerState): void {
    this.#state = state;
    this.#host.onChange();
  }

  #now(): string {
    return formatInstant(this.#host.clock.now());
  }
}

/** The longest time that a hook after the start may take. */
const hookMsMax = 60_000;

function containerId({ pid, startTime }: { readonly pid: number; readonly startTime: string }): string {
  return `process://${pid}-${startTime}`;
}
