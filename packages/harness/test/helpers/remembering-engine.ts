import type { Engine } from '../../src/engine/engine.ts';
import { scriptedEngine } from './scripted-engine.ts';

/** Any engine derives it from the session's id; what it is does not matter to a store. */
const engineId = (sessionId: string): string => `engine-of-${sessionId}`;

/** Says what it knows from before, then writes each message down: in its own transcript, and in a sub-agent's. */
export const remembering: Engine = scriptedEngine(async ({ sessionId, cwd, input, message, store }) => {
  // As an engine's SDK does: another project for each working directory.
  const key = { projectKey: cwd, sessionId: engineId(sessionId) };
  const known = await store?.load(key);
  const subpaths = (await store?.listSubkeys(key)) ?? [];
  const subs = await Promise.all(subpaths.map(async (subpath) => store?.load({ ...key, subpath })));
  message({ type: 'assistant', known, subpaths, subs });
  for await (const { content } of input) {
    const uuid = `uuid-of-${typeof content === 'string' ? content : 'blocks'}`;
    await store?.append(key, [{ type: 'user', uuid, content }]);
    await store?.append({ ...key, subpath: 'subagents/one' }, [{ type: 'sub', content }]);
    message({ type: 'result', subtype: 'success' });
  }
});

/** What the engine said that it knows. */
export interface Known {
  readonly known: readonly { readonly content: string }[] | null | undefined;
  readonly subpaths: readonly string[];
  readonly subs: readonly (readonly { readonly content: string }[] | null)[];
}
