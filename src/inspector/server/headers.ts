/** What every answer says: nothing is kept, guessed, framed, or fetched from anywhere else. */
export const SAFE_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;

/** Of the one page that shows what another host serves. */
export const bridgeHeaders = (ui: string) => ({
  ...SAFE_HEADERS,
  'content-security-policy': `default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-src ${ui}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
});
