/** What a program needs of the harness's own environment to find its files, its proxy and whom to trust. No secret. */
const INHERITED = [
  'HOME',
  'PATH',
  'USER',
  'LOGNAME',
  'SHELL',
  'LANG',
  'LC_ALL',
  'TZ',
  'TMPDIR',
  'XDG_CONFIG_HOME',
  'XDG_DATA_HOME',
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
] as const;

/** An environment without the harness's own secrets: what is in the list, and nothing else. */
export function safeEnv(
  processEnv: Readonly<Record<string, string | undefined>>,
  more: readonly string[] = [],
): Record<string, string> {
  const env: Record<string, string> = {};
  for (const name of [...INHERITED, ...more]) {
    const value = processEnv[name];
    if (value !== undefined) env[name] = value;
  }
  return env;
}
