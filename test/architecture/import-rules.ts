import { importsOf, type Import } from './imports.ts';
import type { ProjectFile, Violation } from './tree.ts';

/** A part of `src` with its own rule about what it may import. */
interface Room {
  readonly name: string;
  /** Rooms it may import from, besides itself. */
  readonly mayImport: readonly string[];
  /** Packages it may use; `node:` stands for every built-in module. Any package when absent. */
  readonly packages?: readonly string[];
  /** Only types may be imported from these. */
  readonly typesOnlyOf?: readonly string[];
}

const purePackages = ['js-yaml', 'typebox', 'xstate', 're2js'];
const core = ['base', 'api', 'analysis', 'engine', 'providers'];

/** Who may enter whom. A room is the deepest folder of this table that holds a file. */
export const rooms: readonly Room[] = [
  { name: 'base', mayImport: [], packages: [] },
  { name: 'api', mayImport: ['base'], packages: purePackages },
  { name: 'analysis', mayImport: ['base', 'api'], packages: purePackages },
  { name: 'engine', mayImport: ['base', 'api', 'analysis'], packages: purePackages },
  { name: 'providers', mayImport: ['base', 'api', 'analysis'], packages: purePackages },
  { name: 'cluster', mayImport: ['base', 'api'], packages: ['node:'] },
  { name: 'cluster/kubernetes', mayImport: ['base', 'api', 'cluster'] },
  { name: 'cluster/embedded', mayImport: ['base', 'api', 'cluster'], packages: ['node:', ...purePackages] },
  { name: 'controller', mayImport: [...core, 'cluster'] },
  { name: 'simulator', mayImport: [...core, 'cluster', 'cluster/embedded', 'controller', 'simulator/invariants'] },
  // Judges of a run know nothing of what decided it.
  { name: 'simulator/invariants', mayImport: ['base', 'api', 'cluster', 'simulator'] },
  { name: 'server', mayImport: [...core, 'cluster', 'cluster/embedded', 'controller', 'simulator'] },
  { name: 'dashboard', mayImport: ['api'], typesOnlyOf: ['api'] },
  { name: 'cli', mayImport: [...core, 'cluster', 'cluster/embedded', 'controller', 'simulator', 'server'] },
];

/** The one file that may import everything, and that nothing may import. */
const compositionRoot = 'src/main.ts';

/** Packages that only one room knows, so that they can be replaced. */
const packageOwners: Readonly<Record<string, readonly string[]>> = {
  '@kubernetes/client-node': ['cluster/kubernetes'],
  xstate: ['engine'],
  commander: ['cli'],
  fastify: ['server'],
  pino: [],
};

/** The import table, over all files of `src`. */
export function roomViolations(files: readonly ProjectFile[]): readonly Violation[] {
  return files.filter(isSource).flatMap((file) => {
    const room = roomOf(file.path);
    if (file.path === compositionRoot) return [];
    if (room === undefined) return [{ path: file.path, message: 'is in no room that the import table knows' }];
    return importsOf(file).flatMap((use) => complain(room, use));
  });
}

function complain(room: Room, use: Import): readonly Violation[] {
  const problem = problemOf(room, use);
  return problem === undefined ? [] : [{ path: use.from, line: use.line, message: problem }];
}

function problemOf(room: Room, { specifier, path, module, typeOnly }: Import): string | undefined {
  if (specifier === undefined) return 'an import whose target is computed cannot be checked';
  if (module !== undefined) return packageProblem(room, module);
  if (path === undefined || !path.startsWith('src/')) return `src must not import ${specifier}: it is outside of src`;
  return path === compositionRoot ? 'nothing imports the composition root' : targetProblem(room, path, typeOnly);
}

function targetProblem(room: Room, path: string, typeOnly: boolean): string | undefined {
  const target = roomOf(path);
  if (target === undefined || target.name === room.name) return undefined;
  if (!room.mayImport.includes(target.name)) return `${room.name} must not import ${target.name} (${path})`;
  return room.typesOnlyOf?.includes(target.name) === true && !typeOnly
    ? `${room.name} may import only types of ${target.name} (${path})`
    : undefined;
}

function packageProblem(room: Room, module: string): string | undefined {
  const owners = packageOwners[module];
  if (owners !== undefined && !owners.includes(room.name)) {
    return `${module} is for ${[...owners, 'main.ts'].join(' and ')} only`;
  }
  const known = module.startsWith('node:') ? 'node:' : module;
  return room.packages === undefined || room.packages.includes(known)
    ? undefined
    : `${room.name} must not import ${module}`;
}

/**
 * Modules that wait for each other at run time. Imports of types are gone by then, so a case may name the type of the
 * union that lists it.
 */
export function cycleViolations(files: readonly ProjectFile[]): readonly Violation[] {
  const graph = new Map(files.map((file) => [file.path, importsOf(file)] as const));
  const done = new Set<string>();
  const found: Violation[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start !== -1) {
      found.push({ path, message: `imports itself through ${[...trail.slice(start + 1), path].join(' -> ')}` });
      return;
    }
    if (done.has(path)) return;
    for (const use of graph.get(path) ?? []) {
      if (use.path !== undefined && !use.typeOnly) visit(use.path, [...trail, path]);
    }
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return found;
}

/** Packages that `src` imports must be dependencies; those of everything else may be devDependencies as well. */
export function dependencyViolations(files: readonly ProjectFile[], manifest: PackageManifest): readonly Violation[] {
  return files.flatMap((file) =>
    importsOf(file).flatMap(({ module, line, typeOnly }) => {
      if (module === undefined || module.startsWith('node:')) return [];
      const runs = isSource(file) && !typeOnly;
      const declared = { ...manifest.dependencies, ...(runs ? {} : manifest.devDependencies) };
      return module in declared
        ? []
        : [{ path: file.path, line, message: `${module} is not in ${runs ? 'dependencies' : 'package.json'}` }];
    }),
  );
}

/** Dependencies that nothing imports. */
export function unusedDependencies(files: readonly ProjectFile[], manifest: PackageManifest): readonly Violation[] {
  const used = new Set(files.filter(isSource).flatMap((file) => importsOf(file).map(({ module }) => module)));
  return Object.keys(manifest.dependencies)
    .filter((name) => !used.has(name))
    .map((name) => ({ path: 'package.json', message: `src does not import the dependency ${name}` }));
}

/** The part of package.json that says what may be imported. */
export interface PackageManifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

function isSource({ path }: ProjectFile): boolean {
  return path.startsWith('src/');
}

function roomOf(path: string): Room | undefined {
  return rooms
    .filter(({ name }) => path.startsWith(`src/${name}/`))
    .toSorted((left, right) => right.name.length - left.name.length)[0];
}
