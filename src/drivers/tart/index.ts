export { createTartDriver, type TartDriverOptions } from './driver.ts';
