/** Where git may log in, and with what. Secret. */
export interface GitCredentials {
  /** Scheme and host, for example `https://github.com`. */
  readonly origin: string;
  readonly username: string;
  readonly password: string;
}

/** A URL without what was in it to log in with, and that. */
export interface GitTarget {
  readonly url: string;
  readonly credentials: GitCredentials | undefined;
}

/** What a token is sent with: the hosts that take tokens ask for any name, and this one is right for most of them. */
const TOKEN_USER = 'x-access-token';
const GITHUB = /^(?:www\.)?github\.com$/i;
const HTTP = /^https?:\/\//i;

/**
 * Finds what to log in with: what is in the URL, else the session's `GIT_TOKEN`, for GitHub also `GITHUB_TOKEN` or
 * `GH_TOKEN`. Over SSH it is up to ssh and its agent.
 */
export function gitTarget(url: string, env: Readonly<Record<string, string>>): GitTarget {
  if (!HTTP.test(url) || !URL.canParse(url)) return { url, credentials: undefined };
  const parsed = new URL(url);
  const given = {
    username: decodeURIComponent(parsed.username),
    password: decodeURIComponent(parsed.password),
  };
  parsed.username = parsed.password = '';
  const { origin } = parsed;
  if (given.password !== '') return { url: parsed.href, credentials: { origin, ...given } };
  // A name alone is how some hosts want a token to be written.
  if (given.username !== '') {
    const credentials = { origin, username: TOKEN_USER, password: given.username };
    return { url: parsed.href, credentials };
  }
  const token = tokenFor(parsed.hostname, env);
  if (token === undefined) return { url, credentials: undefined };
  return { url, credentials: { origin, username: TOKEN_USER, password: token } };
}

/**
 * Makes git ask for the credentials, and get them, for that host only: in its environment, because a command line can
 * be read by others and a file would stay. Helpers of the machine are left out, or they might keep the password.
 */
export function credentialEnv({ origin, username, password }: GitCredentials): Record<string, string> {
  const answer =
    '!f() { test "$1" = get && printf "username=%s\\npassword=%s\\n" "$CA_GIT_USER" "$CA_GIT_SECRET"; }; f';
  return {
    CA_GIT_USER: username,
    CA_GIT_SECRET: password,
    GIT_CONFIG_COUNT: '2',
    GIT_CONFIG_KEY_0: 'credential.helper',
    GIT_CONFIG_VALUE_0: '',
    GIT_CONFIG_KEY_1: `credential.${origin}.helper`,
    GIT_CONFIG_VALUE_1: answer,
  };
}

function tokenFor(hostname: string, env: Readonly<Record<string, string>>): string | undefined {
  const github = GITHUB.test(hostname) ? env['GITHUB_TOKEN'] || env['GH_TOKEN'] : undefined;
  return github || env['GIT_TOKEN'] || undefined;
}
