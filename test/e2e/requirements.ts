import { spawnSync } from 'node:child_process';

/** Why no VM can be had here; undefined when one can. Where `CI` is set a missing part is a failure, not a reason. */
export function reasonToSkip(): string | undefined {
  const missing = ['qemu-system-x86_64', 'qemu-img', 'mmdebstrap'].filter((tool) => {
    const name = tool === 'qemu-system-x86_64' && process.arch === 'arm64' ? 'qemu-system-aarch64' : tool;
    return spawnSync(name, ['--version'], { stdio: 'ignore' }).status !== 0;
  });
  if (missing.length === 0 || process.env['CI']) return undefined;
  return `no VM can be had here: ${missing.join(', ')} not installed`;
}

/** Why no guest of the stand-in for tart can be had here. Where `CI` is set a missing part is a failure, not a reason. */
export function reasonToSkipTart(): string | undefined {
  const hasNetwork = spawnSync('slirp4netns', ['--version'], { stdio: 'ignore' }).status === 0;
  if ((process.getuid?.() === 0 && hasNetwork) || process.env['CI']) return undefined;
  return 'guests of the stand-in for tart need root and slirp4netns';
}
