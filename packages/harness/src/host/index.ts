// For programs that run a harness as a child of theirs: loads nothing of the server itself.
import { fileURLToPath } from 'node:url';

export { endMarked, HARNESS_MARK, killGroup } from './process-tree.ts';
export { redaction, type Redact } from '../log.ts';
export type { BootConfigInput } from '../boot/config.ts';
export type { ListeningLine } from '../boot/listen.ts';

const isSource = import.meta.url.endsWith('.ts');

/** The program that Node runs as the harness. */
export const harnessProgram: string = fileURLToPath(
  new URL(isSource ? '../main.ts' : '../main.js', import.meta.url),
);

/** What Node must be told to run it. */
export const harnessNodeArgs: readonly string[] = isSource ? ['--conditions=source'] : [];
