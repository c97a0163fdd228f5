import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Where Debian packages come from. */
export interface DebianMirror {
  readonly main: string;
  /** Undefined where the host has a mirror of its own without security updates: it may reach nothing else. */
  readonly security?: string;
}

const DEFAULT_MIRROR: DebianMirror = {
  main: 'http://deb.debian.org/debian',
  security: 'http://deb.debian.org/debian-security',
};

/** The Debian mirror that this host itself uses, else the default one. */
export async function debianMirror(root = '/'): Promise<DebianMirror> {
  const folder = join(root, 'etc/apt/sources.list.d');
  const names = await readdir(folder).catch(() => []); // No such folder: not a Debian host.
  const files = [
    join(root, 'etc/apt/sources.list'),
    ...names.toSorted(byName).map((name) => join(folder, name)),
  ];
  const uris: string[] = [];
  for (const file of files) {
    const text = await readFile(file, 'utf8').catch(() => ''); // Unreadable is as good as absent here.
    uris.push(...(file.endsWith('.sources') ? fromDeb822(text) : fromOneLine(text)));
  }
  const main = uris.find((uri) => /^https?:\/\/\S+\/debian$/.test(uri));
  if (main === undefined) return DEFAULT_MIRROR;
  const security = uris.find((uri) => /^https?:\/\/\S+\/debian-security$/.test(uri));
  return security === undefined ? { main } : { main, security };
}

/** The sources of a suite, as apt reads them. */
export function sourceLines(mirror: DebianMirror, suite: string): string[] {
  return [
    `deb ${mirror.main} ${suite} main`,
    `deb ${mirror.main} ${suite}-updates main`,
    ...(mirror.security === undefined ? [] : [`deb ${mirror.security} ${suite}-security main`]),
  ];
}

function fromDeb822(text: string): string[] {
  const enabled = text.split(/\n\s*\n/).filter((stanza) => !/^Enabled:\s*no\b/im.test(stanza));
  const uris = enabled.flatMap((stanza) => /^URIs:\s*(.+)$/im.exec(stanza)?.[1]?.trim().split(/\s+/) ?? []);
  return uris.map(withoutSlash);
}

function fromOneLine(text: string): string[] {
  const uris = text.split('\n').map((line) => /^deb\s+(?:\[[^\]]*\]\s+)?(\S+)/.exec(line.trim())?.[1] ?? '');
  return uris.map(withoutSlash);
}

function byName(one: string, other: string): number {
  return one.localeCompare(other);
}

function withoutSlash(uri: string): string {
  return uri.replace(/\/+$/, '');
}
