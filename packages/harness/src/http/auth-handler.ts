import { isSecret } from './auth.ts';

/** Who a request comes from. */
export interface AuthContext {
  /** A session belongs to the principal that made it: for all others it is not there. */
  readonly principal: string;
  readonly scopes?: readonly string[];
}

/** What of a request is shown to a handler. */
export interface AuthRequest {
  readonly method: string;
  /** Without the prefix, where a token came as one. */
  readonly path: string;
  /** By names in lower case. A token that came as the path's prefix is here as `authorization`. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Decides who a request comes from. */
export interface AuthHandler {
  /** Answers null for a request that is to be refused. */
  authenticate(request: AuthRequest): AuthContext | null | Promise<AuthContext | null>;
}

const BEARER = /^Bearer +(\S+)$/i;

/** Asks `verify` about the token of the `Authorization` header; without one the request is refused. */
export function bearerToken(
  verify: (token: string) => AuthContext | null | Promise<AuthContext | null>,
): AuthHandler {
  return {
    authenticate: ({ headers }) => {
      const token = BEARER.exec(headers['authorization'] ?? '')?.[1];
      return token === undefined ? null : verify(token);
    },
  };
}

/** Lets everyone pass who has the secret, as one principal. Compares in the same time whatever is given. */
export function sharedSecretAuth(secret: string): AuthHandler {
  const isRight = isSecret(secret);
  return bearerToken((token) => (isRight(token) ? { principal: 'shared-secret' } : null));
}
