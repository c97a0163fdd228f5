import { AS_ROOT, quote, script } from './shell.ts';

/** A device of the host's, and where it is to be. */
export interface FolderMount {
  readonly tag: string;
  readonly target: string;
  readonly isWritable: boolean;
}

/** Mounts folders of the host that the hypervisor offers by virtiofs. Twice changes nothing. */
export function mountFoldersCommand(mounts: readonly FolderMount[]): string {
  return script(AS_ROOT, ...mounts.flatMap(mountLines));
}

function mountLines({ tag, target, isWritable }: FolderMount): readonly string[] {
  const [place, access] = [quote(target), isWritable ? 'rw' : 'ro'];
  return [
    `if ! mountpoint -q ${place}; then`,
    `  as_root mkdir -p ${place}`,
    // What is the host's is no place for devices or for programs that become root.
    `  as_root mount -t virtiofs -o ${access},nosuid,nodev ${quote(tag)} ${place}`,
    'fi',
  ];
}
