import { readFileSync } from 'node:fs';

import { footprintOf } from '../../test/control-plane/footprint.ts';
import type { ControllerProcess } from '../../test/e2e/controller-process.ts';

/** What a controller used so far. Counts of requests are since its start. */
export interface Figures {
  readonly cpuSeconds: number;
  readonly eventRequests: number;
  /** All but those for Events and the lease. */
  readonly otherRequests: number;
  /** Requests by kind, verb and outcome. */
  readonly requests: ReadonlyMap<string, number>;
  readonly eventsWaiting: number;
  readonly eventsLost: number;
}

/** Reads the figures of a controller. The page is made of all Rollouts, so time for it is not in the figure of CPU. */
export async function figuresOf(controller: ControllerProcess): Promise<Figures> {
  const cpuSeconds = cpuSecondsOf(controller);
  const page = await controller.read('metrics', '/metrics');
  const sum = (name: string, isWanted: (labels: string) => boolean = () => true): number =>
    [...page.matchAll(new RegExp(`^${name}(?:\\{(?<labels>.*)\\})? (?<value>[\\d.e+]+)$`, 'gm'))].reduce(
      (total, { groups = {} }) => total + (isWanted(groups['labels'] ?? '') ? Number(groups['value']) : 0),
      0,
    );
  const requests = 'sluice_api_requests_total';
  const isEvent = (labels: string): boolean => labels.includes('resource="events"');
  return {
    cpuSeconds,
    eventRequests: sum(requests, isEvent),
    otherRequests: sum(requests, (labels) => !isEvent(labels) && !labels.includes('resource="leases')),
    requests: new Map(
      [...page.matchAll(new RegExp(`^${requests}\\{resource="(.*)",verb="(.*)",outcome="(.*)"\\} (\\d+)$`, 'gm'))].map(
        ([, kind, verb, outcome, value]) => [`${verb} ${kind} ${outcome}`, Number(value)],
      ),
    ),
    eventsWaiting: sum('sluice_events_waiting'),
    eventsLost: sum('sluice_events_lost'),
  };
}

/** Seconds of CPU since its start. */
export function cpuSecondsOf(controller: ControllerProcess): number {
  return footprintOf(controller.pid).cpuSeconds;
}

/** Largest resident set so far, in MiB. */
export function residentPeak(controller: ControllerProcess): number {
  const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${controller.pid}/status`, 'utf8')) ?? [];
  return Number(kibibytes) / 1024;
}

/** Resident set now, in MiB. */
export function residentNow(controller: ControllerProcess): number {
  return footprintOf(controller.pid).residentBytes / 2 ** 20;
}
