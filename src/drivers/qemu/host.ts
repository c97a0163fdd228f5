import { VzvmError } from '../../errors.ts';

/** What differs between the host architectures. */
export interface HostArch {
  readonly node: 'x64' | 'arm64';
  readonly debian: 'amd64' | 'arm64';
  readonly qemu: string;
  readonly kernel: string;
  readonly console: string;
}

const ARCHES: Readonly<Record<string, HostArch>> = {
  x64: {
    node: 'x64',
    debian: 'amd64',
    qemu: 'qemu-system-x86_64',
    kernel: 'linux-image-cloud-amd64',
    console: 'ttyS0',
  },
  arm64: {
    node: 'arm64',
    debian: 'arm64',
    qemu: 'qemu-system-aarch64',
    kernel: 'linux-image-cloud-arm64',
    console: 'ttyAMA0',
  },
};

/** This host's architecture. Throws UNSUPPORTED for any but x86-64 and arm64. */
export function hostArch(arch: string = process.arch): HostArch {
  const known = ARCHES[arch];
  if (known) return known;
  throw new VzvmError('UNSUPPORTED', `the QEMU driver does not know the architecture ${arch}`, {
    facts: { arch },
    hint: 'use a host with an x86-64 or arm64 processor',
  });
}
