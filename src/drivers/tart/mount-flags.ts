import { type HostMount, mountTag } from '../host-mount.ts';

/** What `tart run` is told of folders of the host. Each is a device of its own, which no name can hide from another. */
export function mountFlags(mounts: readonly HostMount[]): readonly string[] {
  return mounts.map(({ source, isWritable }, index) => {
    const access = isWritable ? '' : 'ro,';
    return `--dir=${source}:${access}tag=${mountTag(index)}`;
  });
}
