import { posix } from 'node:path';
import { type Import, importsOf } from './imports.ts';

/** What the files of one layer may import. */
interface Rule {
  /** Layers of ours; one ending in ":types" may only be imported as types. */
  readonly ours: readonly string[];
  /** Prefixes of modules from outside; undefined: any. */
  readonly outside?: readonly string[];
}

const NODE = 'node:';
const CONTRACT = 'drivers/contract';

/** docs/architecture.md says why. A layer may import itself and the errors. */
const RULES: Readonly<Record<string, Rule>> = {
  errors: { ours: [], outside: [] },
  machines: { ours: [], outside: ['xstate'] },
  actors: { ours: ['machines:types', CONTRACT, 'guest', 'ssh'] },
  [CONTRACT]: { ours: ['process'], outside: [NODE, 'zod'] },
  'drivers/registry': { ours: [CONTRACT, 'drivers/*'], outside: [] },
  'drivers/*': { ours: [CONTRACT, 'process'] },
  guest: { ours: [], outside: ['node:crypto', 'node:path/posix'] },
  ssh: { ours: [] },
  process: { ours: [] },
  journal: { ours: ['process'], outside: [NODE, 'zod'] },
  progress: { ours: ['machines:types'], outside: [NODE] },
  reaper: { ours: ['journal', CONTRACT, 'drivers/registry', 'process'], outside: [NODE] },
  substrate: {
    ours: [
      'machines',
      'actors',
      CONTRACT,
      'drivers/registry',
      'guest',
      'ssh',
      'inspector',
      'process',
      'journal',
      'progress',
      'reaper',
      'packages/protocol',
      'packages/sdk:types',
    ],
  },
  inspector: { ours: [] },
  // For those who test a driver: the whole product is looked at from outside, and a guest is played.
  testing: { ours: ['substrate', 'machines', CONTRACT, 'drivers/fake', 'ssh', 'packages/sdk:types'] },
  cli: { ours: ['substrate', 'progress', `${CONTRACT}:types`, 'inspector', 'packages/sdk'] },
  // The package's entry points list public names by hand.
  entry: {
    ours: ['substrate', 'inspector', 'progress', CONTRACT, 'drivers/fake', 'testing', 'packages/sdk:types'],
    outside: [],
  },
  'packages/protocol': { ours: [], outside: ['zod'] },
  'packages/sdk': { ours: ['packages/protocol'] },
  'packages/harness': { ours: ['packages/protocol'] },
  'packages/cli': {
    ours: ['packages/protocol', 'packages/runtime-local', 'packages/runtime-vzvm', 'packages/sdk'],
    outside: [NODE],
  },
  'packages/runtime-local': {
    ours: ['packages/harness', 'packages/protocol', 'packages/sdk:types'],
    outside: [NODE],
  },
};

/** Modules that only one layer may use, whatever its rule says. */
const RESERVED: readonly { readonly module: string; readonly layers: readonly string[] }[] = [
  { module: 'execa', layers: ['process'] },
  { module: 'node:child_process', layers: ['process', 'packages/harness', 'packages/runtime-local'] },
  { module: 'ssh2', layers: ['ssh', 'testing'] },
  { module: 'node-ssh', layers: ['ssh'] },
];

const WORKSPACE = '@computeragent/';

/** The layer that a file, given by its path from the repository's root, belongs to. */
export function layerOf(file: string): string | undefined {
  const [top, folder, third] = file.split('/');
  if (top === 'packages' && folder !== undefined) return `packages/${folder}`;
  if (top !== 'src' || folder === undefined) return undefined;
  if (folder === 'errors.ts') return 'errors';
  if (folder === 'drivers') return driverLayer(third ?? '');
  return folder.endsWith('.ts') ? 'entry' : folder;
}

function driverLayer(name: string): string {
  if (name === 'registry.ts') return 'drivers/registry';
  return name.endsWith('.ts') ? CONTRACT : `drivers/${name}`;
}

const ruleOf = (layer: string): Rule | undefined =>
  RULES[layer] ?? (layer.startsWith('drivers/') ? RULES['drivers/*'] : undefined);

/** What is wrong with the imports of one file, one sentence each. */
export function violationsOf(file: string, source: string): string[] {
  const layer = layerOf(file);
  const rule = layer === undefined ? undefined : ruleOf(layer);
  if (layer === undefined || !rule) return [`${file}: belongs to no layer that has a rule`];
  return importsOf(source).flatMap((each) => {
    const target = targetOf(file, each.specifier);
    const reason =
      target === 'outside'
        ? outsideViolation(layer, rule, each.specifier)
        : oursViolation(layer, rule, target, each);
    return reason === undefined ? [] : [`${file}: ${layer} must not import ${each.specifier}${reason}`];
  });
}

/** The layer that an import leads to, or that it leads out of the repository. */
function targetOf(file: string, specifier: string): string {
  if (specifier.startsWith(WORKSPACE)) return `packages/${specifier.slice(WORKSPACE.length).split('/')[0]}`;
  if (!specifier.startsWith('.')) return 'outside';
  const path = posix.normalize(posix.join(posix.dirname(file), specifier));
  return layerOf(path) ?? path;
}

function outsideViolation(layer: string, rule: Rule, specifier: string): string | undefined {
  const reserved = RESERVED.find((each) => each.module === specifier);
  if (reserved && !reserved.layers.includes(layer)) return `: only ${reserved.layers.join(' and ')} may`;
  const isAllowed =
    specifier !== '<computed>' && (rule.outside?.some((prefix) => matches(specifier, prefix)) ?? true);
  return isAllowed ? undefined : '';
}

const matches = (specifier: string, prefix: string): boolean =>
  specifier === prefix || specifier.startsWith(prefix.endsWith(':') ? prefix : `${prefix}/`);

function oursViolation(layer: string, rule: Rule, target: string, each: Import): string | undefined {
  if (target === layer || (target === 'errors' && !layer.startsWith('packages/'))) return undefined;
  if (rule.ours.includes(target)) return undefined;
  const isDriver = target.startsWith('drivers/') && !(target in RULES);
  if (isDriver && rule.ours.includes('drivers/*')) return undefined;
  if (!rule.ours.includes(`${target}:types`)) return '';
  return each.isType ? undefined : ' but for its types';
}
