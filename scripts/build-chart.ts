// Lays the VM's chart out, and writes what is made from it: the data of its drawing, and the diagrams of the documents.
import { readFileSync, writeFileSync } from 'node:fs';
import { chartOutputs } from './chart/outputs.ts';

const at = (path: string) => new URL(`../${path}`, import.meta.url);

for (const [path, content] of await chartOutputs((file) => readFileSync(at(file), 'utf8'))) {
  writeFileSync(at(path), content);
  console.log(`${path}: ${Math.round(content.length / 1024)} KiB`);
}
