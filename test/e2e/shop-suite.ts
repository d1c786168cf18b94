import { after, before } from 'node:test';

import type { ControlPlaneOptions, OwnControlPlane } from '../control-plane/control-plane.ts';
import { ControllerProcess } from './controller-process.ts';
import { installKinds, Shop } from './shop.ts';
import { ownControlPlaneSuite, type Started } from './suite.ts';

const kubelet = { startLatency: '50ms' };

/** A suite on a control plane of its own with the kinds of Rollouts, a shop, and a controller that leads. */
export function shopSuite(
  name: string,
  options: ControlPlaneOptions,
  define: (plane: Started<OwnControlPlane>, shop: Started<Shop>) => void,
): void {
  ownControlPlaneSuite(name, { kubelet, ...options }, (plane) => {
    let shop: Shop;
    let controller: ControllerProcess;

    before(async () => {
      await installKinds(plane());
      shop = await Shop.open(plane());
      controller = new ControllerProcess(plane().kubeconfig());
      await controller.leads();
    });

    after(async () => {
      shop.close();
      await controller.end();
    });

    define(plane, () => shop);
  });
}
