import type { Logger } from 'pino';
import type { InspectionEvent } from 'xstate';
import { z } from 'zod';
import type { Driver } from '../drivers/driver.ts';
import type { GuestNetwork } from '../drivers/guest-network.ts';
import { VzvmError } from '../errors.ts';
import { STEPS, type StepRetries, type StepTimeouts } from '../machines/vm/index.ts';
import type { Progress } from '../progress/index.ts';
import { type InspectorOptions, inspectorSchema } from './inspection/options.ts';
import { nearest } from './nearest.ts';
import type { VmHandle } from './vm-handle.ts';

/** Options of {@link VZVMSubstrate}. Every one is optional. */
export interface VZVMSubstrateOptions {
  /**
   * What VMs are cloned from. Tart: a local or remote image name. QEMU: `debian:12` (built on this host once), or a
   * path or https URL of a qcow2 or raw cloud image.
   * @defaultValue "ghcr.io/cirruslabs/ubuntu:latest" with Tart, "debian:12" with QEMU
   */
  readonly baseImage?: string;
  /**
   * User that SSH logs in as.
   * @defaultValue "admin"
   */
  readonly sshUser?: string;
  /** Password for first contact; afterwards a key made for the VM is used. */
  readonly sshPassword?: string;
  /** Private key file for first contact, without a passphrase. */
  readonly sshPrivateKeyPath?: string;
  /** The `tart` executable. @defaultValue "tart" on PATH */
  readonly tartBin?: string;
  /** Where the harness lives in the guest. @defaultValue "/home/<sshUser>/harness" */
  readonly remoteWorkdir?: string;
  /** The harness bundle to upload. @defaultValue the one in this package */
  readonly bundlePath?: string;
  /**
   * First pause between two looks at the guest's readiness, in milliseconds; the next ones are twice as long, those
   * between attempts to log in up to ten times.
   * @defaultValue 100
   */
  readonly readinessPollMs?: number;
  /** One deadline for `ip-polling`, `ssh-connect` and `spawn` each, in milliseconds; `timeouts` wins. */
  readonly readinessTimeoutMs?: number;
  /** Called with each line of progress. Never holds a secret. */
  readonly onLog?: (line: string) => void;
  /**
   * Called on each change of what is under way, and now and then while a step is slower than usual: with all steps so
   * far, their times, and of a slow one what it waits for and what can be done. An exception in it changes nothing.
   * `createTerminalProgress()` makes one that shows it.
   */
  readonly onProgress?: (progress: Progress) => void;
  /**
   * Records what happens to this substrate's VMs into a file that only you may read, for `npx vzvm trace` and `npx vzvm replay`:
   * lines of JSON, without secrets, at most 64 MiB. One that is no trace is not overwritten. Trouble with the file is a line in
   * the log, and changes nothing else.
   */
  readonly trace?: string;
  /** Called with each VM as soon as there is one: to follow its boot. An exception in it changes nothing. */
  readonly onVm?: (vm: VmHandle) => void;
  /** Back end: by name, or your own. @defaultValue "tart" on a Mac that has it, else "qemu" */
  readonly driver?: 'tart' | 'qemu' | Driver;
  /** How QEMU runs the guest's processors. @defaultValue "auto": KVM or HVF where a trial boot with it succeeds, else emulation */
  readonly accelerator?: 'auto' | 'kvm' | 'hvf' | 'tcg';
  /**
   * Where packets of VMs may go, with Tart: `"nat"`, `"softnet"` (the internet and the host, no private network),
   * `"host"` (nothing but the host), `{ bridged: "en0" }`, or `{ softnet: { allow, block } }` with networks as CIDR.
   * Other drivers know `"nat"` alone.
   * @defaultValue "nat"
   */
  readonly network?: GuestNetwork;
  /** Where VMs live while they exist. @defaultValue `VZVM_HOME`, else the platform's state folder */
  readonly stateDir?: string;
  /** Where images are kept. @defaultValue `VZVM_CACHE`, else the platform's cache folder */
  readonly cacheDir?: string;
  /** What prepared images may take on the host's disk, in GiB: then the least recently used go, but none in use. @defaultValue 20 */
  readonly imageBudgetGiB?: number;
  /** Virtual processors. @defaultValue 2 */
  readonly cpu?: number;
  /** Memory in MiB. @defaultValue 2048 */
  readonly memoryMiB?: number;
  /** Disk in GiB, when it is to be larger than the image's. */
  readonly diskGiB?: number;
  /** How a guest without Node 20 or newer gets one. @defaultValue `{ major: 22, source: "auto" }` */
  readonly guestNode?: { readonly major?: number; readonly source?: 'auto' | 'npm' | 'nodesource' };
  /**
   * Whether VMs start from a prepared image, which has Node and the packages: kept from the first VM that was given
   * them. An object adds Debian packages, and a shell script that runs as the guest's user, who may use sudo.
   * @defaultValue "auto"
   */
  readonly prepare?: 'auto' | 'never' | { readonly packages?: readonly string[]; readonly script?: string };
  /**
   * Keeps VMs that have booted already, for whoever asks next. `size`: how many; `memoryBudgetMiB`: what those that nobody
   * has taken may use in all, half of the host's by default, and never more than it can spare; `maxIdleMs`: when one
   * that was not taken is replaced by a fresh one.
   * @defaultValue none
   */
  readonly warm?: {
    readonly size: number;
    readonly memoryBudgetMiB?: number;
    readonly maxIdleMs?: number;
  };
  /** VMs that may run at the same time, the warm ones included; further boots wait in a queue. @defaultValue no limit */
  readonly maxConcurrent?: number;
  /**
   * Whether VMs start from a template where the driver can save memory: as a copy of a VM that has booted already, with
   * an identity of its own. Where there is no template a VM boots, and a template is made beside it while it is in use.
   * @defaultValue "auto"
   */
  readonly fork?: 'auto' | 'never';
  /**
   * Folders of this host that guests see, with Tart: `{ [folder in the guest]: folder of the host }`, which they only read;
   * `{ path, writable: true }` lets them write. Other drivers refuse them: `UNSUPPORTED`.
   * @defaultValue none
   */
  readonly mounts?: Readonly<Record<string, string | { readonly path: string; readonly writable?: boolean }>>;
  /**
   * Ports of the host's loopback that the guest reaches on its own loopback: `{ [guestPort]: hostPort }`.
   * Carried by SSH; nothing listens beyond loopback on either side.
   */
  readonly hostPorts?: Readonly<Record<number, number>>;
  /**
   * Deadlines by step, in milliseconds, over all attempts of the step; `healthy`: for how long the connection to the
   * guest may be lost.
   */
  readonly timeouts?: Partial<StepTimeouts>;
  /** Attempts by step. */
  readonly retries?: Partial<StepRetries>;
  /** Ends every VM of this substrate, and every boot under way. */
  readonly signal?: AbortSignal;
  /**
   * Keeps a VM whose boot failed, for a look, until `dispose()` or the end of this program: `npx vzvm ssh NAME`,
   * `npx vzvm logs NAME`; `vm.detach()` keeps it beyond that.
   * @defaultValue false
   */
  readonly keepOnFailure?: boolean;
  /** Receives progress as structured lines. */
  readonly logger?: Pick<Logger, 'info' | 'warn' | 'error' | 'debug'>;
  /**
   * Receives xstate's inspection events of every VM, as `createActor({ inspect })` hands them out: a function, or an
   * observer such as the inspectors of `@statelyai/inspect` have. An exception in it changes nothing.
   */
  readonly inspect?: ((event: InspectionEvent) => void) | { next?: (event: InspectionEvent) => void };
  /**
   * Serves a page on loopback that shows every VM of this process while it runs, as `docs/inspector.md` says. One page
   * for all substrates of the process: the options of the first one count.
   * @defaultValue false
   */
  readonly inspector?: boolean | InspectorOptions;
}

/** Of a VM whose options say nothing. */
export const DEFAULT_MEMORY_MIB = 2048;

const ms = z
  .int()
  .min(1)
  .max(2 ** 31 - 1);
const port = z.int().min(1).max(65_535);
const portKey = z
  .string()
  .refine((key) => /^[1-9][0-9]*$/.test(key) && Number(key) <= 65_535, 'expected a port');
const guestFolder = z
  .string()
  .refine(
    (path) => /^\/[^\0]*[^/\0]$/.test(path) && !path.split('/').includes('..'),
    'expected a folder of the guest',
  );
/** Tart reads a colon as the end of a path, and a comma as one of an option. */
const hostFolder = z.string().regex(/^[^:,\0]+$/, 'expected a folder of this host, without colon or comma');
const cidrs = z.array(z.cidrv4()).optional();
const func = <T>() => z.custom<T>((value) => typeof value === 'function', 'expected a function');
const steps = Object.fromEntries(STEPS.map((name) => [name, ms.optional()]));

const schema = z.strictObject({
  baseImage: z.string().min(1).optional(),
  sshUser: z
    .string()
    .regex(/^[a-z_][a-z0-9_-]{0,31}$/, 'expected a Linux user name')
    .optional(),
  sshPassword: z.string().min(1).optional(),
  sshPrivateKeyPath: z.string().min(1).optional(),
  tartBin: z.string().min(1).optional(),
  remoteWorkdir: z.string().startsWith('/').optional(),
  bundlePath: z.string().min(1).optional(),
  readinessPollMs: ms.optional(),
  readinessTimeoutMs: ms.optional(),
  onLog: func().optional(),
  driver: z
    .union([z.enum(['tart', 'qemu']), z.custom<Driver>(isDriver)], 'expected "tart", "qemu" or a driver')
    .optional(),
  accelerator: z.enum(['auto', 'kvm', 'hvf', 'tcg']).optional(),
  network: z
    .union(
      [
        z.enum(['nat', 'softnet', 'host']),
        z.strictObject({ bridged: z.string().regex(/^[a-z]+[0-9]+$/) }),
        z.strictObject({ softnet: z.strictObject({ allow: cidrs, block: cidrs }) }),
      ],
      'expected "nat", "softnet", "host", { bridged: "en0" } or { softnet: { allow, block } }',
    )
    .optional(),
  stateDir: z.string().min(1).optional(),
  cacheDir: z.string().min(1).optional(),
  imageBudgetGiB: z.number().min(0).optional(),
  cpu: z.int().min(1).max(256).optional(),
  memoryMiB: z.int().min(256).max(4_194_304).optional(),
  diskGiB: z.int().min(1).max(65_536).optional(),
  guestNode: z
    .strictObject({
      major: z.int().min(20).max(99).optional(),
      source: z.enum(['auto', 'npm', 'nodesource']).optional(),
    })
    .optional(),
  warm: z
    .strictObject({
      size: z.int().min(0).max(1_000),
      memoryBudgetMiB: z.int().min(256).optional(),
      maxIdleMs: ms.optional(),
    })
    .optional(),
  maxConcurrent: z.int().min(1).max(10_000).optional(),
  fork: z.enum(['auto', 'never']).optional(),
  prepare: z
    .union(
      [
        z.enum(['auto', 'never']),
        z.strictObject({
          packages: z
            .array(z.string().regex(/^[a-z0-9][a-z0-9+.:=~-]*$/, 'expected a Debian package'))
            .optional(),
          script: z.string().min(1).optional(),
        }),
      ],
      'expected "auto", "never" or { packages, script }',
    )
    .optional(),
  mounts: z
    .record(
      guestFolder,
      z.union([hostFolder, z.strictObject({ path: hostFolder, writable: z.boolean().optional() })]),
    )
    .optional(),
  hostPorts: z.record(portKey, port).optional(),
  timeouts: z.strictObject({ ...steps, healthy: ms.optional(), disposing: ms.optional() }).optional(),
  retries: z.strictObject(steps).optional(),
  signal: z.instanceof(AbortSignal).optional(),
  keepOnFailure: z.boolean().optional(),
  logger: z
    .custom((value) => isObject(value) && typeof value['info'] === 'function', 'expected a pino logger')
    .optional(),
  inspect: z
    .custom(
      (value) => typeof value === 'function' || (isObject(value) && typeof value['next'] === 'function'),
      'expected a function or an observer',
    )
    .optional(),
  inspector: inspectorSchema,
  onVm: func().optional(),
  trace: z.string().min(1).optional(),
  onProgress: func().optional(),
});

/**
 * Checks options that come from outside.
 * @throws VzvmError OPTION_INVALID naming the option, its value and the nearest valid name.
 */
export function checkOptions(options: VZVMSubstrateOptions): VZVMSubstrateOptions {
  const result = schema.safeParse(options);
  if (result.success) return options;
  const issue = result.error.issues[0];
  if (issue?.code === 'unrecognized_keys') throw unknownOption(issue.path.map(String), String(issue.keys[0]));
  const path = (issue?.path ?? []).map(String);
  const value = path.reduce<unknown>((at, key) => (isObject(at) ? at[key] : undefined), options);
  const shown = path.some((key) => /password/i.test(key)) ? '(hidden)' : show(value);
  throw new VzvmError(
    'OPTION_INVALID',
    `option ${path.join('.') || 'object'}: ${issue?.message}, got ${shown}`,
    {
      facts: { option: path.join('.'), value: shown },
      hint: `correct ${path.join('.')} in new VZVMSubstrate({ … })`,
    },
  );
}

function unknownOption(path: readonly string[], key: string): VzvmError {
  const valid = path.length === 0 ? Object.keys(schema.shape) : validKeysAt(path[0] ?? '');
  const near = nearest(key, valid);
  return new VzvmError('OPTION_INVALID', `unknown option ${[...path, key].join('.')}`, {
    facts: { option: [...path, key].join('.'), nearest: near },
    hint:
      near === undefined ? `valid names: ${valid.join(', ')}` : `did you mean ${[...path, near].join('.')}?`,
  });
}

function validKeysAt(option: string): readonly string[] {
  if (option === 'guestNode') return ['major', 'source'];
  if (option === 'inspector') return ['port', 'open', 'onUrl', 'stately', 'redact'];
  if (option === 'prepare') return ['packages', 'script'];
  if (option === 'warm') return ['size', 'memoryBudgetMiB', 'maxIdleMs'];
  return option === 'timeouts' ? [...STEPS, 'healthy', 'disposing'] : STEPS;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isDriver(value: unknown): boolean {
  return isObject(value) && typeof value['clone'] === 'function' && typeof value['name'] === 'string';
}

function show(value: unknown): string {
  try {
    return (JSON.stringify(value) ?? String(value)).slice(0, 200);
  } catch {
    return typeof value;
  }
}
