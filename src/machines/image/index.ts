export { imageMachine } from './machine.ts';
export type { ImageEmitted, ImageOutput } from './types.ts';
