import { AS_ROOT, quote, script } from './shell.ts';

/** What a user wants in the image besides the harness. */
export interface Preparation {
  /** Debian packages. */
  readonly packages: readonly string[];
  /** Shell text, run as the guest's user, who may use sudo. */
  readonly script?: string | undefined;
}

/** Installs the packages, then runs the script. Stops at the first failure. */
export function prepareCommand({ packages, script: text }: Preparation): string {
  const install = [
    AS_ROOT,
    'export DEBIAN_FRONTEND=noninteractive',
    'as_root apt-get update -q',
    `as_root apt-get install -y -q --no-install-recommends ${packages.map(quote).join(' ')}`,
  ];
  return script(
    ...(packages.length > 0 ? install : []),
    ...(text === undefined ? [] : [`sh -eu -c ${quote(text)}`]),
  );
}
