import type { Readable, Writable } from 'node:stream';

/** Where a command in the guest reads and writes. */
export interface Streams {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** It is a terminal: the guest gives the command one of its own. */
  readonly tty?: Tty | undefined;
}

/** A terminal, as far as the other side must know it. */
export interface Tty {
  /** As `TERM` has it. */
  readonly term: string;
  size(): { readonly columns: number; readonly rows: number };
  /** Calls back when its size has changed; answers how to stop that. */
  onResize(listener: () => void): () => void;
}
