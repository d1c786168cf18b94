import type { CanaryStrategy } from './canary-strategy.ts';

/** The Services of the two sides of a canary. Empty where the specification names none. */
export interface CanarySides {
  readonly stableService: string;
  readonly canaryService: string;
}

/**
 * The Services that traffic is split between. With pingPong the two change parts at every promotion: the status says
 * which one is stable, and before the first promotion it is the pong Service.
 */
export function canarySides(
  {
    stableService = '',
    canaryService = '',
    pingPong,
  }: Pick<CanaryStrategy, 'stableService' | 'canaryService' | 'pingPong'>,
  stablePingPong: string | undefined,
): CanarySides {
  if (pingPong === undefined) return { stableService, canaryService };
  const { pingService, pongService } = pingPong;
  return stablePingPong === 'ping'
    ? { stableService: pingService, canaryService: pongService }
    : { stableService: pongService, canaryService: pingService };
}

/**
 * The stable and the canary Service beside those of pingPong: where a specification names all four, only routers that
 * cannot do without pingPong split between ping and pong, and the others between these.
 */
export function plainSides({
  stableService = '',
  canaryService = '',
  pingPong,
}: Pick<CanaryStrategy, 'stableService' | 'canaryService' | 'pingPong'>): CanarySides | undefined {
  const isBeside = pingPong !== undefined && stableService !== '' && canaryService !== '';
  return isBeside ? { stableService, canaryService } : undefined;
}
