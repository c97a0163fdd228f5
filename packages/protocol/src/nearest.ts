/** Shorter beginnings say nothing. */
const SHORTEST_BEGINNING = 3;

/** The name that is closest to what was written, when it is close enough to be a slip, or begins with it. */
export function nearest(written: string, names: readonly string[]): string | undefined {
  const limit = Math.max(2, Math.floor(written.length / 3));
  const ranked = names
    .map((name) => ({ name, distance: editDistance(written.toLowerCase(), name.toLowerCase()) }))
    .toSorted((a, b) => a.distance - b.distance);
  const best = ranked[0];
  if (best !== undefined && best.distance <= limit) return best.name;
  if (written.length < SHORTEST_BEGINNING) return undefined;
  return names.find((name) => name.toLowerCase().startsWith(written.toLowerCase()));
}

/** What to say of a name that is none of these. */
export function unknownName(what: string, written: string, names: readonly string[]): string {
  const near = nearest(written, names);
  const hint = near === undefined ? `there are ${names.join(', ')}` : `did you mean ${near}?`;
  return `unknown ${what} ${written}: ${hint}`;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swapped = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swapped, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
