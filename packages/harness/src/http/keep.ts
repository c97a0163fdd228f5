import type { SessionRegistry } from '../session/registry.ts';
import type { Session } from '../session/session.ts';

/** For a stream of a session: whoever reads it keeps the session, whose time begins anew when the reader has left. */
export function keepsSession(
  sessions: SessionRegistry,
  session: Session,
  begin: () => () => void,
): { readonly onOpen: () => void; readonly onEnd: () => void } {
  let leave: (() => void) | undefined;
  return {
    onOpen: () => {
      leave = begin();
    },
    onEnd: () => {
      leave?.();
      sessions.touch(session);
    },
  };
}
