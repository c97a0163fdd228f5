import { VzvmError } from '../../../errors.ts';
import type { ResolveOptions } from '../../driver.ts';
import type { HostArch } from '../host.ts';
import type { Artifact } from './artifact.ts';
import { builtImage } from './build.ts';
import { downloadedImage } from './download.ts';
import { isPath, localImage } from './local.ts';
import { RECIPES } from './recipe.ts';

/** Linux images that only Tart can run, by what stands in for them here: the same program runs on a Mac and on Linux. */
const STAND_INS: Readonly<Record<string, string>> = {
  'ghcr.io/cirruslabs/ubuntu': 'debian:12',
  'ghcr.io/cirruslabs/debian': 'debian:12',
};

/** Finds what a reference names: a recipe, a URL or a file. */
export async function resolveArtifact(
  wanted: string,
  where: { readonly cacheDir: string; readonly arch: HostArch },
  options: ResolveOptions,
): Promise<Artifact> {
  if (options.signal.aborted) throw new VzvmError('ABORTED', 'resolving an image was cancelled');
  const ref = standIn(wanted, options.log);
  const recipe = Object.hasOwn(RECIPES, ref) ? RECIPES[ref] : undefined;
  if (recipe) return builtImage(ref, recipe, where, options);
  if (URL.canParse(ref) && ref.includes('://')) return downloadedImage(new URL(ref), where, options);
  if (isPath(ref)) return localImage(ref, where.arch, options.signal);
  const names = Object.keys(RECIPES).join(', ');
  throw new VzvmError('IMAGE_NOT_FOUND', `the QEMU driver knows no image "${ref}"`, {
    facts: { ref, known: names },
    hint: `use ${names}, or the path or https URL of a qcow2 or raw cloud image`,
  });
}

function standIn(ref: string, log: ResolveOptions['log']): string {
  const name = ref.replace(/(@sha256:[0-9a-f]+|:[^:/]+)$/, '');
  const instead = Object.hasOwn(STAND_INS, name) ? STAND_INS[name] : undefined;
  if (instead === undefined) return ref;
  log(`image ${ref} is for Tart: QEMU uses ${instead} in its place`);
  return instead;
}
