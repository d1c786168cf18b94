import { durationMs, type CommandKind } from '../command-kind.ts';
import type { TroubleKind } from '../trouble.ts';

/** What goes wrong between the controller and the cluster, and between routes and proxies. */
export const troubleCommands: readonly CommandKind[] = [
  trouble('lose the answers to writes', 'answers lost'),
  trouble('change sizes late', 'sizes late'),
  trouble('switch services late', 'switches late'),
  trouble('refuse writes', 'writes refused'),
  trouble('close watches', 'watches closed'),
  trouble('silence watches', 'watches silent'),
  trouble('break watches without a word', 'watches dead'),
  trouble('refuse watches', 'watches refused'),
  {
    pattern: /^the clock of the controller is (?<time>\S+) (?<way>fast|slow)$/u,
    usage: 'the clock of the controller is TIME fast|slow',
    make: ({ groups: { time = '', way } }) => {
      const skewMs = durationMs(time);
      return ({ world: { controllerProcess } }) => {
        if (controllerProcess !== undefined) controllerProcess.clock.skewMs = way === 'fast' ? skewMs : -skewMs;
        return Promise.resolve();
      };
    },
  },
  {
    pattern: /^routes reach the proxies after (?<time>[^\s,]+)(?:, one of them after (?<last>\S+))?$/u,
    usage: 'routes reach the proxies after TIME[, one of them after TIME]',
    make: ({ groups: { time = '', last = time } }) => {
      const [delayMs, lastDelayMs] = [durationMs(time), durationMs(last)];
      return (stage) => {
        stage.world.routeDelayMs = (_random, proxy) => (proxy === 0 ? lastDelayMs : delayMs);
        return Promise.resolve();
      };
    },
  },
];

function trouble(words: string, kind: TroubleKind): CommandKind {
  return {
    pattern: new RegExp(`^${words} for (?<time>\\S+)$`, 'u'),
    usage: `${words} for TIME`,
    make: ({ groups: { time = '' } }) => {
      const length = durationMs(time);
      return (stage) => {
        stage.trouble.begin(kind, length);
        return Promise.resolve();
      };
    },
  };
}
