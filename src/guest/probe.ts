import { VzvmError } from '../errors.ts';
import { HARNESS_MARKER, PACKAGES_MARKER } from './markers.ts';
import { nodePathLine, quote, script } from './shell.ts';

/** What a guest already has. */
export interface GuestProbe {
  readonly arch: 'x64' | 'arm64';
  /** Version of Node, without the "v". */
  readonly node?: string;
  readonly nodeMajor?: number;
  readonly npm: boolean;
  /** Digest of the harness files that were uploaded completely. */
  readonly harnessDigest?: string;
  /** Digest of the packages that were installed completely. */
  readonly packagesDigest?: string;
  /** True when commands run as root without a password. */
  readonly sudo: boolean;
}

/** Lines of ours are told apart from what a login shell greets with. */
const PREFIX = 'vzvm-probe ';

/** Asks in one round trip for everything that later steps could skip. */
export function probeCommand({ directory }: { directory: string }): string {
  const say = (key: string, value: string) => `echo "${PREFIX}${key}=${value}"`;
  return script(
    nodePathLine(directory),
    say('arch', '$(uname -m)'),
    say('node', '$(node --version 2>/dev/null || true)'),
    say('npm', '$(command -v npm || true)'),
    say('harness', `$(cat ${quote(`${directory}/${HARNESS_MARKER}`)} 2>/dev/null || true)`),
    say('packages', `$(cat ${quote(`${directory}/${PACKAGES_MARKER}`)} 2>/dev/null || true)`),
    `if [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; then ${say('sudo', 'yes')}; fi`,
  );
}

const ARCHITECTURES: Readonly<Record<string, GuestProbe['arch']>> = {
  x86_64: 'x64',
  amd64: 'x64',
  aarch64: 'arm64',
  arm64: 'arm64',
};

/**
 * Reads the answer of {@link probeCommand}.
 * @throws VzvmError UNSUPPORTED for a processor that no harness runs on.
 */
export function parseProbe(stdout: string): GuestProbe {
  const found = new Map<string, string>();
  for (const line of stdout.split('\n')) {
    const match = /^vzvm-probe (\w+)=(.+?)\r?$/.exec(line);
    if (match?.[1] !== undefined && match[2] !== undefined) found.set(match[1], match[2].trim());
  }
  const machine = found.get('arch') ?? 'unknown';
  const arch = ARCHITECTURES[machine];
  if (!arch) {
    throw new VzvmError('UNSUPPORTED', `the guest has a processor that is not supported: ${machine}`, {
      facts: { machine },
      hint: 'use an image for x86-64 or arm64',
    });
  }
  const node = /^v(\d+)\.\S+$/.exec(found.get('node') ?? '');
  const harnessDigest = found.get('harness');
  const packagesDigest = found.get('packages');
  return {
    arch,
    sudo: found.get('sudo') === 'yes',
    npm: found.has('npm'),
    ...(node ? { node: node[0].slice(1), nodeMajor: Number(node[1]) } : {}),
    ...(harnessDigest === undefined ? {} : { harnessDigest }),
    ...(packagesDigest === undefined ? {} : { packagesDigest }),
  };
}
