import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { Attachment, IdentitySource } from '@computeragent/protocol';
import { SourceError } from './errors.ts';
import { packFolder } from './pack.ts';
import { statOrNone } from './walk.ts';

/** An agent that is a folder. */
export interface LocalFolder {
  readonly type: 'local';
  /** A leading `~/` is the home folder. */
  readonly path: string;
  /**
   * Whose folder: "host" packs and sends it along, "harness" leaves it to the machine where the harness runs.
   * @defaultValue "host", but "harness" for an absolute path that this machine does not have
   */
  readonly on?: 'host' | 'harness';
}

/** What is sent for a source. */
export interface ResolvedSource {
  readonly source: IdentitySource;
  readonly attachments: readonly Attachment[];
}

/** How a folder is packed. */
export interface ResolveOptions {
  readonly maxBytes?: number | undefined;
  /** Whether a folder without agent.yaml is none. */
  readonly needsManifest: boolean;
}

/**
 * The source as a harness takes it: a folder of this machine is packed.
 * @throws SourceError
 */
export async function resolveSource(
  source: IdentitySource | LocalFolder | string,
  options: ResolveOptions,
): Promise<ResolvedSource> {
  const written = typeof source === 'string' ? parseSource(source) : source;
  if (written.type !== 'local') return { source: written, attachments: [] };
  const { path, on } = { on: undefined, ...written };
  const elsewhere: ResolvedSource = { source: { type: 'local', path }, attachments: [] };
  if (on === 'harness') return elsewhere;
  const folder = path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path;
  const stats = await statOrNone(folder);
  if (!stats && on === undefined && isAbsolute(path)) return elsewhere;
  if (!stats?.isDirectory()) {
    const what = stats ? 'is not a folder' : 'does not exist';
    throw new SourceError(
      'SOURCE_NOT_FOUND',
      `the agent's folder ${path} ${what} (looked from ${process.cwd()})`,
    );
  }
  return packFolder(folder, options);
}

function parseSource(source: string): IdentitySource {
  const isPath = /^(?:\.{0,2}|~)\//.test(source) || ['.', '..', '~'].includes(source);
  return isPath ? { type: 'local', path: source } : { type: 'git', url: source };
}
