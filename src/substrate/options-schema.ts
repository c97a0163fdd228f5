import { z } from 'zod';
import type { Driver } from '../drivers/driver.ts';
import { STEPS } from '../machines/vm/index.ts';
import { inspectorSchema, traceSchema } from './inspection/options.ts';

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

/** Options of a substrate, as a program without a compiler may write them. */
export const optionsSchema = z.strictObject({
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
  trace: traceSchema,
  onProgress: func().optional(),
});

/** Something whose properties can be read. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isDriver(value: unknown): boolean {
  return isObject(value) && typeof value['clone'] === 'function' && typeof value['name'] === 'string';
}
