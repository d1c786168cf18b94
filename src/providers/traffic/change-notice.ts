import type { TrafficPlan } from '../../api/traffic.ts';
import type { RouterChange, RouterNotice } from './contract.ts';

/** What clients of the Rollout API are told about changes of router objects, in the words that they know. */

/** About a VirtualService or a DestinationRule. */
export function istioNotice(change: RouterChange, { destinations }: TrafficPlan): RouterNotice {
  const name = nameOf(change);
  const [canary, stable] = (['canary', 'stable'] as const).map((role) => destinations.find((one) => one.role === role));
  return change.type.kind === 'DestinationRule'
    ? {
        reason: 'UpdatedDestinationRule',
        message: `DestinationRule ${name} subset updated (canary: ${canary?.hash ?? ''}, stable: ${stable?.hash ?? ''})`,
      }
    : {
        reason: 'Updated VirtualService',
        message: `VirtualService \`${name}\` set to desiredWeight '${canary?.weight ?? 0}'`,
      };
}

/** About the canary Ingress of NGINX. */
export function nginxNotice(change: RouterChange, plan: TrafficPlan): RouterNotice {
  const name = nameOf(change);
  const weight = canaryWeight(plan);
  return change.kind === 'create'
    ? { reason: 'CreatingCanaryIngress', message: `Creating canary ingress \`${name}\` with weight \`${weight}\`` }
    : { reason: 'PatchingCanaryIngress', message: `Updating Ingress \`${name}\` to desiredWeight '${weight}'` };
}

/** About an Ingress of the load balancer of AWS. */
export function albNotice(change: RouterChange, plan: TrafficPlan): RouterNotice {
  const message = `Updating Ingress \`${nameOf(change)}\` to desiredWeight '${canaryWeight(plan)}'`;
  return { reason: 'PatchingALBIngress', message };
}

function canaryWeight({ destinations }: TrafficPlan): number {
  return destinations.find(({ role }) => role === 'canary')?.weight ?? 0;
}

function nameOf(change: RouterChange): string {
  return change.kind === 'create' ? change.object.metadata.name : change.name;
}
