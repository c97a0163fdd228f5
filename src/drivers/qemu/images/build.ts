import { chmod, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { tail, VzvmError } from '../../../errors.ts';
import { run, type RunOptions } from '../../../process/run.ts';
import type { LogLine, ResolveOptions } from '../../driver.ts';
import { demandFreeMiB, diskFull } from '../../disk-space.ts';
import type { HostArch } from '../host.ts';
import { debianMirror, type DebianMirror } from '../mirror.ts';
import { toolPath, toolVersion } from '../tools.ts';
import type { Artifact, Manifest } from './artifact.ts';
import { DISK_SCRIPT, mmdebstrapArgs, recipeDigest } from './build-scripts.ts';
import { cached } from './cache.ts';
import { inspectDisk } from './inspect.ts';
import type { Recipe } from './recipe.ts';

const BUILD_TIMEOUT_MS = 20 * 60_000;
const DISK_TIMEOUT_MS = 5 * 60_000;
/** Tar, unpacked tree, file system and disk, for a moment all at once. */
const BUILD_NEEDS_MIB = 2_500;
const MIB = 1024 * 1024;

/** The image that a recipe describes, built unless it is cached. */
export async function builtImage(
  ref: string,
  recipe: Recipe,
  where: { readonly cacheDir: string; readonly arch: HostArch },
  options: ResolveOptions,
): Promise<Artifact> {
  const mirror = await debianMirror();
  const digest = recipeDigest(recipe, where.arch, mirror);
  const key = builtKey(ref, recipe, where.arch, mirror);
  const fill = (folder: string, tell: LogLine) => {
    const log: LogLine = (line) => {
      options.log(line);
      tell(line);
    };
    return build(ref, { recipe, arch: where.arch, folder, digest }, { ...options, log });
  };
  const { folder, manifest } = await cached({ cacheDir: where.cacheDir, key, fill }, options);
  return {
    image: { ref, digest, login: { user: recipe.user, password: recipe.password }, acceptsKey: false },
    disk: join(folder, 'disk.qcow2'),
    format: manifest.format,
    virtualBytes: manifest.virtualBytes,
    boot: { kernel: join(folder, 'vmlinuz'), initrd: join(folder, 'initrd') },
  };
}

/** The name of a built image's folder: a new recipe is another one. */
export function builtKey(ref: string, recipe: Recipe, arch: HostArch, mirror: DebianMirror): string {
  const digest = recipeDigest(recipe, arch, mirror).slice('sha256:'.length);
  return `${ref.replaceAll(/[^a-z0-9]+/g, '-')}-${digest.slice(0, 12)}`;
}

interface Build {
  readonly recipe: Recipe;
  readonly arch: HostArch;
  readonly folder: string;
  readonly digest: string;
}

async function build(ref: string, plan: Build, options: ResolveOptions): Promise<Manifest> {
  if (process.platform !== 'linux') throw notBuildable(ref);
  for (const tool of ['mmdebstrap', 'mke2fs', 'qemu-img'])
    await toolVersion(tool, plan.arch.node, options.signal);
  await demandFreeMiB(plan.folder, BUILD_NEEDS_MIB, `the image ${ref}`);
  const started = performance.now();
  options.log(`building the image ${ref}: once, in some minutes`);
  const isRoot = process.getuid?.() === 0;
  const tar = join(plan.folder, 'root.tar');
  const mirror = await debianMirror();
  const step = (name: string, file: string, args: readonly string[], timeoutMs: number) =>
    runStep(name, file, args, { plan, options, timeoutMs, isRoot });
  await step(
    'mmdebstrap',
    'mmdebstrap',
    mmdebstrapArgs(plan.recipe, { ...plan, mirror, tar, isRoot }),
    BUILD_TIMEOUT_MS,
  );
  const boot = ['./boot/vmlinuz', './boot/initrd'];
  await step('tar', 'tar', ['-xf', tar, '-C', plan.folder, '--strip-components=2', ...boot], DISK_TIMEOUT_MS);
  await Promise.all(['vmlinuz', 'initrd'].map((name) => chmod(join(plan.folder, name), 0o644)));
  options.log('making the disk');
  const inner = [...(isRoot ? [] : ['mmdebstrap', '--unshare-helper']), 'sh', '-c', DISK_SCRIPT, 'sh'];
  const outer = 'exec "$@" < root.tar > disk.qcow2';
  await step('disk', 'sh', ['-c', outer, 'sh', ...inner, String(plan.recipe.diskGiB)], DISK_TIMEOUT_MS);
  await rm(tar);
  const disk = await inspectDisk(join(plan.folder, 'disk.qcow2'), plan.arch, options.signal);
  const seconds = Math.round((performance.now() - started) / 1000);
  const sizeMiB = Math.round((await stat(join(plan.folder, 'disk.qcow2'))).size / MIB);
  options.log(`built the image ${ref} in ${seconds} s (${sizeMiB} MiB)`);
  return { digest: plan.digest, format: disk.format, virtualBytes: disk.virtualBytes };
}

async function runStep(
  name: string,
  file: string,
  args: readonly string[],
  how: {
    readonly plan: Build;
    readonly options: ResolveOptions;
    readonly timeoutMs: number;
    readonly isRoot: boolean;
  },
): Promise<void> {
  const settings: RunOptions = {
    timeoutMs: how.timeoutMs,
    signal: how.options.signal,
    cwd: how.plan.folder,
    env: {
      PATH: toolPath(),
      LC_ALL: 'C',
      // Beside the result, so that what a killed build leaves is found; a name space's root may not write there.
      ...(how.isRoot ? { TMPDIR: how.plan.folder } : {}),
    },
    onStderrLine: (line) => {
      if (line.startsWith('I: ')) how.options.log(line.slice('I: '.length));
    },
  };
  const result = await run(file, args, settings);
  if (result.exitCode === 0) return;
  if (/No space left on device/.test(result.stderrTail)) throw diskFull(how.plan.folder, 'an image', {});
  throw buildFailed(name, result.exitCode, result.stderrTail, how.isRoot);
}

function buildFailed(name: string, exitCode: number, stderr: string, isRoot: boolean): VzvmError {
  const noNamespace = !isRoot && /unshare|newuidmap|subuid/.test(stderr);
  return new VzvmError('IMAGE_BUILD_FAILED', `the image could not be built: ${name} ended with ${exitCode}`, {
    facts: { step: name },
    hint: noNamespace
      ? 'allow user name spaces: sudo apt-get install -y uidmap && sudo sysctl kernel.unprivileged_userns_clone=1; or run as root'
      : 'see the last lines of its output; a mirror that does not answer is told by: apt-get update',
    exitCode,
    stderrTail: tail(stderr),
    retry: 'safe',
  });
}

function notBuildable(ref: string): VzvmError {
  return new VzvmError('UNSUPPORTED', `${ref} can be built on Linux only`, {
    facts: { ref, platform: process.platform },
    hint: 'set baseImage to the https URL of a qcow2 cloud image, or use the tart driver',
  });
}
