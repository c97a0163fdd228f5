/** Reads the host ports that QEMU chose from the answer of its `info usernet`: guest port → host port. */
export function parseForwards(text: string): Record<number, number> {
  const ports: Record<number, number> = {};
  for (const line of text.split('\n')) {
    const match = /^\s*TCP\[HOST_FORWARD\]\s+\d+\s+\S+\s+(?<host>\d+)\s+\S+\s+(?<guest>\d+)\b/.exec(line);
    const { host, guest } = match?.groups ?? {};
    if (host !== undefined && guest !== undefined) ports[Number(guest)] = Number(host);
  }
  return ports;
}
