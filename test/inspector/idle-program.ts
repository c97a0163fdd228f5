// Serves the inspector's page, and has nothing else to do.
import { Inspector } from '../../src/inspector/index.ts';

const inspector = new Inspector();
process.stdout.write(`${await inspector.listen()}\n`);
