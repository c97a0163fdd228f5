import { existsSync } from 'node:fs';
import type { GuestShare } from '../guest/index.ts';
import { Failure, usage } from './failure.ts';

const AUTOMOUNT = 'com.apple.virtio-fs.automount';

/** Reads `--dir [name:]path[:ro,tag=T]`. Shares with one tag are one device, in which each needs a name. */
export function sharesOf(dirs: readonly string[]): readonly GuestShare[] {
  const shares = dirs.map(parse);
  for (const { tag, name } of shares) {
    const isAlone = shares.filter((other) => other.tag === tag).length === 1;
    if (!isAlone && name === undefined)
      throw usage(
        'run',
        'invalid --dir syntax: for multiple directory shares each one of them should be named',
      );
  }
  return shares.map(({ tag, source, isReadOnly }) => ({ tag, source, isReadOnly }));
}

function parse(dir: string): GuestShare & { readonly name: string | undefined } {
  const parts = dir.split(':');
  const options = parts.at(-1)?.split(',') ?? [];
  const hasOptions = options.some((each) => each === 'ro' || each.startsWith('tag='));
  if (hasOptions) parts.pop();
  const source = parts.pop() ?? '';
  if (!existsSync(source))
    throw new Failure(
      `Error Domain=VZErrorDomain Code=2 "A directory sharing device configuration is invalid."`,
    );
  const tag = options.find((each) => each.startsWith('tag='))?.slice('tag='.length);
  return { source, name: parts[0], tag: tag ?? AUTOMOUNT, isReadOnly: hasOptions && options.includes('ro') };
}
