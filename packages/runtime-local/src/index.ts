export { LOCAL_ERROR_CODES, LocalSubstrateError } from './errors.ts';
export type { LocalErrorCode, LocalErrorInit } from './errors.ts';
export type { LocalSubstrateOptions } from './options.ts';
export { LocalSubstrate } from './substrate.ts';
