export { createQemuDriver } from './driver.ts';
export type { QemuOptions } from './options.ts';
export { debianPackages, installCommand } from './tools.ts';
