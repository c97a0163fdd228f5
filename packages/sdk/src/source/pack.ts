import { readFile } from 'node:fs/promises';
import type { Attachment } from '@computeragent/protocol';
import { SourceError } from './errors.ts';
import type { ResolvedSource, ResolveOptions } from './source.ts';
import { filesIn, type FoundFile } from './walk.ts';

/** A harness takes bodies of up to 64 MiB, and bytes grow by a third on their way. */
const MAX_BYTES = 32 * 1024 * 1024;
const MANIFEST = 'agent.yaml';

/**
 * A folder as it is sent: text as inline files, which every harness reads; what is no text, or may be executed, as
 * attachments with their permission bits. `.git` and `node_modules` are left out.
 * @throws SourceError
 */
export async function packFolder(
  folder: string,
  { maxBytes = MAX_BYTES, needsManifest }: ResolveOptions,
): Promise<ResolvedSource> {
  const files: Record<string, string> = {};
  const attachments: Attachment[] = [];
  const sizes = new Map<string, number>();
  for await (const file of filesIn(folder)) {
    assertFits(folder, sizes, file, maxBytes);
    const bytes = await readFile(file.real);
    const text = textIn(bytes);
    const isProgram = (file.stats.mode & 0o111) !== 0;
    if (text !== undefined) files[file.path] = text;
    if (text === undefined || isProgram) attachments.push(attachmentOf(file.path, bytes, isProgram));
  }
  if (needsManifest && files[MANIFEST] === undefined) {
    throw new SourceError('SOURCE_INVALID', `${folder} has no ${MANIFEST}: it is not an agent's folder`);
  }
  return { source: { type: 'inline', manifest: {}, files }, attachments };
}

/** Looked at before it is read: a folder that was named by mistake may be anything. */
function assertFits(
  folder: string,
  sizes: Map<string, number>,
  { path, stats }: FoundFile,
  maxBytes: number,
): void {
  const top = path.split('/')[0] ?? path;
  sizes.set(top, (sizes.get(top) ?? 0) + stats.size);
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  if (total <= maxBytes) return;
  const [largest] = [...sizes].toSorted(([, one], [, other]) => other - one);
  throw new SourceError(
    'SOURCE_TOO_LARGE',
    `${folder} is over ${inMiB(maxBytes)} MiB (${largest?.[0] ?? ''} alone has ${inMiB(largest?.[1] ?? 0)} MiB so far); ` +
      'take out what the agent does not need, upload it with writeArtifact(), or use a git source',
  );
}

function attachmentOf(path: string, bytes: Buffer, isProgram: boolean): Attachment {
  return { path, content: bytes.toString('base64'), encoding: 'base64', mode: isProgram ? 0o755 : 0o644 };
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Undefined for what would not come back byte for byte. */
function textIn(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined; // Not UTF-8: sent as the bytes that it is.
  }
}

const inMiB = (bytes: number): string => (bytes / (1024 * 1024)).toFixed(1);
