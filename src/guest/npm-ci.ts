import { PACKAGES_MARKER } from './markers.ts';
import { nodePathLine, nodeTrustLine, quote, script } from './shell.ts';

/** How the harness's packages are installed. */
export interface NpmCiOptions {
  readonly directory: string;
  readonly registry: string;
  /** PEM file in the guest with certificates to trust in addition. */
  readonly caFile?: string | undefined;
  /** The first line of standard input is the registry's token. */
  readonly hasToken: boolean;
}

/** `npm ci` with the lock file in the directory. A registry that is down fails it after about a minute. */
export function npmCiCommand({ directory, registry, caFile, hasToken }: NpmCiOptions): string {
  const settings = [
    `registry=${registry}`,
    // npm fills the variable in: the token itself is in no file.
    ...(hasToken ? [`${tokenKey(registry)}=\${NPM_TOKEN}`] : []),
    'fetch-retries=1',
    'fetch-retry-mintimeout=1000',
    'fetch-retry-maxtimeout=5000',
    'fetch-timeout=30000',
    'update-notifier=false',
    'progress=false',
  ];
  return script(
    ...(hasToken ? ['IFS= read -r NPM_TOKEN', 'export NPM_TOKEN'] : []),
    'umask 022',
    `cd ${quote(directory)}`,
    nodePathLine(directory),
    nodeTrustLine(caFile),
    `rm -f ${PACKAGES_MARKER}`,
    `printf '%s\\n' ${settings.map(quote).join(' ')} > .npmrc`,
    'npm ci --no-audit --no-fund --omit=dev',
  );
}

function tokenKey(registry: string): string {
  const { host, pathname } = new URL(registry);
  return `//${host}${pathname.replace(/\/*$/, '/')}:_authToken`;
}

interface Advice {
  readonly hint: string;
  readonly retry: 'safe' | 'unsafe';
}

const ADVICE: readonly (readonly [RegExp, Advice])[] = [
  [
    /SELF_SIGNED_CERT|UNABLE_TO_(?:GET_ISSUER|VERIFY_LEAF)|self[- ]signed certificate|unable to (?:get local issuer|verify the first)/i,
    {
      hint: 'the network inspects TLS: set NODE_EXTRA_CA_CERTS on the host to the PEM file of its certificate authority; it is passed on to the guest',
      retry: 'unsafe',
    },
  ],
  [/CERT_NOT_YET_VALID|CERT_HAS_EXPIRED/i, { hint: "check the guest's clock: date -u", retry: 'safe' }],
  [/ENOSPC|no space left/i, { hint: "the guest's disk is full: give it more with diskGiB", retry: 'unsafe' }],
  [
    /\bE401\b|\bE403\b|ENEEDAUTH|401 Unauthorized|403 Forbidden/i,
    {
      hint: "the registry refuses the host's token: log in with npm login, then check with npm whoami",
      retry: 'unsafe',
    },
  ],
  [
    /EINTEGRITY/i,
    {
      hint: 'a package is not what the lock file says: check the registry or proxy in between',
      retry: 'unsafe',
    },
  ],
  [
    /\bE404\b|ETARGET/i,
    {
      hint: 'the registry does not have a package of the lock file: check npm config get registry',
      retry: 'unsafe',
    },
  ],
  [
    /EUSAGE|can only install packages (?:when|with)/i,
    { hint: 'package.json and package-lock.json differ: npm install', retry: 'unsafe' },
  ],
  [
    /ENOTFOUND|EAI_AGAIN/i,
    {
      hint: "the guest cannot resolve the registry's name: check its network and npm config get registry",
      retry: 'safe',
    },
  ],
  [
    /ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|network timeout|socket hang up/i,
    {
      hint: "the registry does not answer the guest: check it with curl -I, and that it is not on the host's loopback",
      retry: 'safe',
    },
  ],
  [
    /npm: (?:command )?not found/i,
    { hint: 'the guest has Node without npm: install npm in the image', retry: 'unsafe' },
  ],
];

/** What to do about a failed `npm ci`, from what npm said. */
export function explainNpmFailure(stderr: string): { hint: string; retry: 'safe' | 'unsafe' } {
  const found = ADVICE.find(([pattern]) => pattern.test(stderr))?.[1];
  return (
    found ?? { hint: 'npm said why in the lines above; check the registry with npm ping', retry: 'safe' }
  );
}
