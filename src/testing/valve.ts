import { Duplex } from 'node:stream';

/** A stream through which nothing comes in while it is shut, its end neither: who waits for an answer waits on. */
export class Valve extends Duplex {
  readonly #inner: Duplex;
  #isShut = true;
  #end: { readonly error: Error | undefined } | undefined;

  constructor(inner: Duplex) {
    super();
    this.#inner = inner;
    inner.on('data', (chunk: Buffer) => {
      if (!this.push(chunk) || this.#isShut) inner.pause();
    });
    inner.pause();
    inner.on('end', () => this.push(null)).on('close', () => this.#ended(undefined));
    inner.on('error', (error) => this.#ended(error));
  }

  shut(): void {
    this.#isShut = true;
    this.#inner.pause();
  }

  open(): void {
    this.#isShut = false;
    this.#inner.resume();
    if (this.#end) this.destroy(this.#end.error);
  }

  #ended(error: Error | undefined): void {
    this.#end ??= { error };
    if (!this.#isShut) this.destroy(this.#end.error);
  }

  override _read(): void {
    if (!this.#isShut) this.#inner.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#inner.write(chunk, done);
  }

  override _final(done: () => void): void {
    this.#inner.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#inner.destroy();
    done(error);
  }
}
