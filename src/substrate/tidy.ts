import type { Driver } from '../drivers/driver.ts';
import { messageOf } from '../errors.ts';
import type { BootContext } from './boot-context.ts';
import { pruneStored } from './image-store.ts';
import { TemplateRecords } from './template-records.ts';

/** What prepared images may take in all, in GiB. */
const DEFAULT_BUDGET_GIB = 20;

/** Keeps what is stored within its budget, after something was added to it. What cannot be removed is a line in the log. */
export async function tidy({ options, log }: BootContext, driver: Driver): Promise<void> {
  const budgetGiB = options.imageBudgetGiB ?? DEFAULT_BUDGET_GIB;
  try {
    const store = { driver, records: new TemplateRecords(driver, options.cacheDir) };
    for (const { kind, key } of await pruneStored(store, { budgetGiB }))
      log(`removed to stay within ${budgetGiB} GiB, or as nothing rests on it: ${kind} ${key}`);
  } catch (error) {
    log(`old images could not be removed: ${messageOf(error)}`);
  }
}
