export { imageMachine } from './machine.ts';
export type { ImageEmitted, ImageFailure, ImageInput, ImageOutput, ImageStep } from './types.ts';
