/** What stands where something was hidden. */
export const HIDDEN = '[redacted]';

const SECRET_KEY =
  /pass(word|wd|phrase)?$|secret|token|api[-_]?key|authorization|cookie|credential|private[-_]?key|access[-_]?key/i;

/** Whether what a field is called says that its value is secret. */
export const isSecretKey = (key: string): boolean => SECRET_KEY.test(key);

type Mask = readonly [pattern: RegExp, replacement: string];

/** What looks like a secret, whatever it is called. Each is linear in the length of the text. */
const MASKS: readonly Mask[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(-----END [A-Z ]*PRIVATE KEY-----)?/g, HIDDEN],
  [/\b(sk|rk|pk)-[\w-]{16,}/g, HIDDEN],
  [/\b(gh[opsur]_|github_pat_|glpat-|npm_|xox[a-z]-|AKIA|AIza)[\w-]{12,}/g, HIDDEN],
  [/\beyJ[\w-]{8,}\.[\w-]{8,}(\.[\w-]*)?/g, HIDDEN],
  [/\b(bearer|basic) +[\w.~+/=-]{8,}/gi, `$1 ${HIDDEN}`],
  // A login in an address, and the token in that of a harness.
  [/(:\/\/)[^\s/@]{1,256}@/g, `$1${HIDDEN}@`],
  [/(\/t\/)[\w-]{16,}/g, `$1${HIDDEN}`],
  [
    /\b(\w*(?:TOKEN|SECRET|PASSWORD|PASSWD|API_?KEY|PRIVATE_KEY|CREDENTIALS?))(["']?[=:] ?)[^\s,;&]+/gi,
    `$1$2${HIDDEN}`,
  ],
  [/(--?(?:password|passwd|token|secret|api-key)[= ])\S+/gi, `$1${HIDDEN}`],
];

/** Texts without a secret that were looked at: names of fields and states come again with every record. */
const clean = new Set<string>();
const MOST_CLEAN = 2_000;
const LONGEST_CLEAN = 64;

/** A text without what looks like a secret. */
export function maskPatterns(text: string): string {
  if (clean.has(text)) return text;
  const masked = MASKS.reduce((some, [pattern, replacement]) => some.replace(pattern, replacement), text);
  if (masked === text && text.length <= LONGEST_CLEAN) {
    if (clean.size >= MOST_CLEAN) clean.clear();
    clean.add(text);
  }
  return masked;
}
