import { quote } from './shell.ts';

/** Where distributions keep the certificates that they trust. */
const SYSTEM_BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/** A private directory `$work`, gone at the end however the recipe ends. */
export function workLines(parent?: string): string[] {
  const template = parent === undefined ? '"${TMPDIR:-/tmp}"/vzvm-XXXXXX' : quote(`${parent}/.work-XXXXXX`);
  return [
    ...(parent === undefined ? [] : [`mkdir -p ${quote(parent)}`]),
    `work=$(mktemp -d ${template})`,
    `trap 'rm -rf "$work"' EXIT`,
    `trap 'exit 143' HUP INT TERM`,
  ];
}

/** Makes downloads trust the host's certificates beside those of the guest; `$bundle` names both together. */
export function downloadTrustLines(caFile: string | undefined): string[] {
  if (caFile === undefined) return ['bundle='];
  // curl takes one bundle instead of its own, not in addition to it.
  return [
    'bundle="$work/ca.pem"',
    `for each in ${SYSTEM_BUNDLES.join(' ')}; do`,
    '  if [ -r "$each" ]; then cat "$each" > "$bundle"; break; fi',
    'done',
    `cat ${quote(caFile)} >> "$bundle"`,
    'CURL_CA_BUNDLE="$bundle"; export CURL_CA_BUNDLE',
  ];
}

/**
 * `fetch URL FILE`, with deadlines and retries, by curl or else wget. With a token (`$token`, which may be empty), curl
 * reads the header from its standard input: a command line is there for everybody to see.
 */
export const FETCH = `fetch() {
  if command -v curl >/dev/null 2>&1; then
    if [ -n "\${token:-}" ]; then printf 'header = "Authorization: Bearer %s"\\n' "$token"; fi |
      curl -K - -fsSL --connect-timeout 20 --max-time 240 --retry 3 --retry-delay 2 -o "$2" "$1"
  elif command -v wget >/dev/null 2>&1; then
    if [ -n "\${token:-}" ]; then echo 'the registry wants a token, which needs curl in the guest' >&2; return 1; fi
    wget -q --timeout=30 --tries=3 \${bundle:+"--ca-certificate=$bundle"} -O "$2" "$1"
  else
    echo 'the guest has neither curl nor wget' >&2
    return 127
  fi
}`;

/** `verify FILE SHA512HEX` */
export const VERIFY = `verify() {
  if command -v sha512sum >/dev/null 2>&1; then sum=$(sha512sum < "$1"); else sum=$(openssl dgst -sha512 -r < "$1"); fi
  if [ "\${sum%% *}" != "$2" ]; then
    echo "EINTEGRITY: a download is not what the registry promised (sha512 \${sum%% *}, wanted $2)" >&2
    return 1
  fi
}`;
