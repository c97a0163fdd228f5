/** What a process has used. */
export interface Used {
  readonly cpuMs: number;
  /** Of the heap, after a collection, with what lies beside it. */
  readonly heapBytes: number;
  readonly rssBytes: number;
}

/** What this process has used. Needs `--expose-gc`. */
export function used(): Used {
  globalThis.gc?.();
  const { user, system } = process.cpuUsage();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { cpuMs: (user + system) / 1000, heapBytes: heapUsed + external, rssBytes: rss };
}
