import { VzvmError } from '../errors.ts';
import { downloadTrustLines, FETCH, VERIFY, workLines } from './download.ts';
import { AS_ROOT, nodeTrustLine, quote, script } from './shell.ts';

/** A tarball of a registry. */
export interface Tarball {
  readonly url: string;
  /** As registries say it: `sha512-…` in base64, maybe beside others. */
  readonly integrity: string;
}

/** What {@link npmNodeCommand} installs, and where. */
export interface NpmNodeOptions {
  readonly directory: string;
  readonly node: Tarball & { readonly version: string };
  readonly npm: Tarball;
  readonly caFile?: string | undefined;
  /** Where it goes when the commands run as root; /usr/local when undefined. */
  readonly prefix?: string | undefined;
  /** The first line of standard input is a token for the host of both URLs. */
  readonly hasToken?: boolean | undefined;
}

/**
 * Installs Node from the registry's package of Node's own binary, and npm from npm's package: to /usr/local as root,
 * else into the harness's directory. Both are checked before anything is unpacked.
 * @throws VzvmError NODE_INSTALL_FAILED when a tarball has no sha512 integrity.
 */
export function npmNodeCommand(options: NpmNodeOptions): string {
  const { directory, node, npm, caFile, hasToken = false, prefix = '/usr/local' } = options;
  return script(
    hasToken ? 'IFS= read -r token' : 'token=',
    'umask 022',
    AS_ROOT,
    FETCH,
    VERIFY,
    ...workLines(directory),
    ...downloadTrustLines(caFile),
    `prefix=${quote(`${directory}/node`)}`,
    `if [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; then prefix=${quote(prefix)}; else as_root() { "$@"; }; fi`,
    `fetch ${quote(node.url)} "$work/node.tgz"`,
    `verify "$work/node.tgz" ${sha512Hex(node)}`,
    `fetch ${quote(npm.url)} "$work/npm.tgz"`,
    `verify "$work/npm.tgz" ${sha512Hex(npm)}`,
    ...unpackLines(node.version),
  );
}

function unpackLines(version: string): string[] {
  return [
    'modules="$prefix/lib/node_modules/npm"',
    // An older npm's files would be mixed with the new ones.
    'as_root rm -rf "$modules"',
    'as_root mkdir -p "$prefix/bin" "$modules"',
    // Only the binary: the headers are 2,700 small files that nobody here compiles against.
    'as_root tar -xzf "$work/node.tgz" --no-same-owner --strip-components=1 -C "$prefix" package/bin/node',
    'as_root tar -xzf "$work/npm.tgz" --no-same-owner --strip-components=1 -C "$modules"',
    'as_root chmod 755 "$prefix/bin/node"',
    'as_root ln -sf ../lib/node_modules/npm/bin/npm-cli.js "$prefix/bin/npm"',
    'as_root ln -sf ../lib/node_modules/npm/bin/npx-cli.js "$prefix/bin/npx"',
    'as_root chmod 755 "$modules/bin/npm-cli.js" "$modules/bin/npx-cli.js"',
    'installed=$("$prefix/bin/node" --version)',
    `if [ "$installed" != ${quote(`v${version}`)} ]; then`,
    `  echo "node says $installed, expected v"${quote(version)} >&2; exit 1`,
    'fi',
    'PATH="$prefix/bin:$PATH"; export PATH',
    'echo "node $installed, npm $(npm --version), in $prefix"',
  ];
}

function sha512Hex({ url, integrity }: Tarball): string {
  const found = /(?:^|\s)sha512-([A-Za-z0-9+/]{86}==)(?:\s|\?|$)/.exec(integrity)?.[1];
  if (found !== undefined) return Buffer.from(found, 'base64').toString('hex');
  throw new VzvmError('NODE_INSTALL_FAILED', 'the registry gives no sha512 integrity for a tarball', {
    facts: { url, integrity },
    hint: "install Node by another way: guestNode: { source: 'nodesource' }",
  });
}

/** What {@link nodesourceCommand} installs. */
export interface NodesourceOptions {
  readonly major: number;
  readonly caFile?: string | undefined;
}

/**
 * Installs Node from NodeSource's Debian repository as its manual says: the signing key, the repository, apt. No script
 * from the network is run as root.
 */
export function nodesourceCommand({ major, caFile }: NodesourceOptions): string {
  const list = '/etc/apt/sources.list.d/nodesource.list';
  const key = '/usr/share/keyrings/nodesource.asc';
  return script(
    'umask 022',
    'DEBIAN_FRONTEND=noninteractive; export DEBIAN_FRONTEND',
    AS_ROOT,
    FETCH,
    `if ! command -v apt-get >/dev/null 2>&1; then echo 'NodeSource needs a guest with apt-get' >&2; exit 1; fi`,
    `as_root true || { echo 'NodeSource needs root or password-less sudo in the guest' >&2; exit 1; }`,
    ...workLines(),
    ...downloadTrustLines(caFile),
    nodeTrustLine(caFile),
    // The user _apt reads the certificates, too.
    'chmod 755 "$work"',
    'apt() { as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=120 -o Acquire::Retries=3 \\',
    '  -o Acquire::http::Timeout=30 -o Acquire::https::Timeout=30 ${bundle:+-o "Acquire::https::CaInfo=$bundle"} "$@"; }',
    'fetch https://deb.nodesource.com/gpgkey/nodesource-repo.gpg.key "$work/key"',
    `grep -q 'BEGIN PGP PUBLIC KEY' "$work/key"`,
    'as_root mkdir -p /usr/share/keyrings',
    `as_root install -m 644 "$work/key" ${key}`,
    `echo 'deb [signed-by=${key}] https://deb.nodesource.com/node_${major}.x nodistro main' > "$work/list"`,
    `as_root install -m 644 "$work/list" ${list}`,
    `printf 'Package: nodejs\\nPin: origin deb.nodesource.com\\nPin-Priority: 600\\n' > "$work/pin"`,
    'as_root mkdir -p /etc/apt/preferences.d',
    'as_root install -m 644 "$work/pin" /etc/apt/preferences.d/nodesource',
    'apt update',
    'apt install --no-install-recommends nodejs',
    'echo "node $(node --version), npm $(npm --version)"',
  );
}
