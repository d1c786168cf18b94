import type { RouterCapabilities } from '../../src/api/traffic.ts';

const none: RouterCapabilities = {
  headerRoutes: 'none',
  mirrorRoutes: false,
  additionalDestinations: false,
  pingPong: false,
  weightMax: false,
  needsServices: true,
};

/** A plug-in that can do everything. */
export const pluginCapabilities: RouterCapabilities = {
  headerRoutes: 'full',
  mirrorRoutes: true,
  additionalDestinations: true,
  pingPong: true,
  weightMax: true,
  needsServices: false,
};

/** What the routers of the Rollout API can do, for tests of validation alone. */
export const routerCapabilities: Readonly<Record<string, RouterCapabilities>> = {
  istio: { ...none, headerRoutes: 'full', mirrorRoutes: true, additionalDestinations: true, pingPong: true },
  nginx: { ...none, weightMax: true },
  alb: { ...none, headerRoutes: 'exact', additionalDestinations: true, pingPong: true },
  smi: { ...none, additionalDestinations: true },
  ambassador: none,
  appMesh: none,
  traefik: none,
  apisix: { ...none, headerRoutes: 'full' },
};
