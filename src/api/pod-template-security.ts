import { text, flag, int64, struct, pointer, list, required } from './go-struct.ts';

// Security contexts of core/v1 (k8s.io/api v0.34.5).

const capabilities = struct({
  add: list(text, 'atomic'),
  drop: list(text, 'atomic'),
});

const seLinuxOptions = struct({
  user: text,
  role: text,
  type: text,
  level: text,
});

const windowsSecurityContextOptions = struct({
  gmsaCredentialSpecName: pointer(text),
  gmsaCredentialSpec: pointer(text),
  runAsUserName: pointer(text),
  hostProcess: pointer(flag),
});

const seccompProfile = struct({
  type: required(text),
  localhostProfile: pointer(text),
});

const appArmorProfile = struct({
  type: required(text),
  localhostProfile: pointer(text),
});

export const securityContext = struct({
  capabilities: pointer(capabilities),
  privileged: pointer(flag),
  seLinuxOptions: pointer(seLinuxOptions),
  windowsOptions: pointer(windowsSecurityContextOptions),
  runAsUser: pointer(int64),
  runAsGroup: pointer(int64),
  runAsNonRoot: pointer(flag),
  readOnlyRootFilesystem: pointer(flag),
  allowPrivilegeEscalation: pointer(flag),
  procMount: pointer(text),
  seccompProfile: pointer(seccompProfile),
  appArmorProfile: pointer(appArmorProfile),
});

const sysctl = struct({
  name: required(text),
  value: required(text),
});

export const podSecurityContext = struct({
  seLinuxOptions: pointer(seLinuxOptions),
  windowsOptions: pointer(windowsSecurityContextOptions),
  runAsUser: pointer(int64),
  runAsGroup: pointer(int64),
  runAsNonRoot: pointer(flag),
  supplementalGroups: list(int64, 'atomic'),
  supplementalGroupsPolicy: pointer(text),
  fsGroup: pointer(int64),
  sysctls: list(sysctl, 'atomic'),
  fsGroupChangePolicy: pointer(text),
  seccompProfile: pointer(seccompProfile),
  appArmorProfile: pointer(appArmorProfile),
  seLinuxChangePolicy: pointer(text),
});
