import { HarnessError } from '../errors.ts';

const SCHEME = /^(?:https?|git|ssh|file):\/\//i;
const SCP_FORM = /^[\w.-]+@[\w.-]+:/;
const OTHER_TRANSPORT = /^[\w+.-]+::|^[\w+.-]+:\/\//;

/** What git is given: a URL as it is, `host/owner/name` as an HTTPS URL. Transports that run programs are refused. */
export function gitUrl(url: string): string {
  const text = url.trim();
  if (SCHEME.test(text) || SCP_FORM.test(text)) return text;
  if (text === '' || text.startsWith('-') || OTHER_TRANSPORT.test(text)) {
    throw new HarnessError('VALIDATION', 400, `the git url ${withoutCredentials(text)} is not supported`);
  }
  return `https://${text.endsWith('.git') ? text : `${text}.git`}`;
}

const LONGEST = 4_096;

/** @throws HarnessError VALIDATION for a text that no program can be given, or that is none of a repository. */
export function assertPlain(what: string, text: string): void {
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  if (text.length <= LONGEST && !/[\0-\x1f]/.test(text)) return;
  throw new HarnessError(
    'VALIDATION',
    400,
    `the git ${what} is not one line of at most ${LONGEST} characters`,
  );
}

/** A URL, or a text with URLs in it, that is fit for an error: what stands before an @ may be a password. */
export function withoutCredentials(text: string): string {
  return text.replaceAll(/(\w+:\/\/)[^\s/@]+@/g, '$1***@');
}
