export { createQemuDriver, type QemuOptions } from './driver.ts';
export { debianPackages, installCommand } from './tools.ts';
