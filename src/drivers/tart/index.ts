export { createTartDriver } from './driver.ts';
export type { TartDriverOptions } from './options.ts';
