import { quote, script } from './shell.ts';

/** Names the harness files that were uploaded completely. */
export const HARNESS_MARKER = '.harness-digest';
/** Names the packages that were installed completely. */
export const PACKAGES_MARKER = '.packages-digest';

interface Mark {
  readonly directory: string;
  readonly digest: string;
}

/** Says that the upload is complete. Run after it, never before. */
export function markUploadedCommand(mark: Mark): string {
  return markCommand(HARNESS_MARKER, mark);
}

/** Says that `npm ci` is complete. Run after it, never before. */
export function markPackagesCommand(mark: Mark): string {
  return markCommand(PACKAGES_MARKER, mark);
}

function markCommand(name: string, { directory, digest }: Mark): string {
  // Renamed into place: a half-written marker must not name anything.
  return script(
    `cd ${quote(directory)}`,
    `printf '%s\\n' ${quote(digest)} > ${name}.new`,
    `mv -f ${name}.new ${name}`,
  );
}
