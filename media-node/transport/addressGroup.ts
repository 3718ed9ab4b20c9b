const HEXTETS = 8;
/** What one customer of a provider has at the least (RFC 6177): below this, addresses are free to be made up. */
const GROUP_HEXTETS = 4;

/**
 * What counts as one source: an IPv4 address, mapped into IPv6 or not (RFC 4291 §2.5.5.2), or the /64 of an IPv6 one. Text
 * that is no address is a group of its own.
 */
export function addressGroup(hostname: string): string {
  if (!hostname.includes(':')) return hostname;
  const hextets = expand(hostname.split('%', 1)[0] ?? '');
  if (hextets === undefined) return hostname;
  const [high = 0, low = 0] = hextets.slice(6);
  if (hextets.slice(0, 5).every((value) => value === 0) && hextets[5] === 0xffff)
    return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
  return `${hextets
    .slice(0, GROUP_HEXTETS)
    .map((value) => value.toString(16))
    .join(':')}::/64`;
}

/** The eight numbers of an IPv6 address; undefined when it is none. */
function expand(address: string): number[] | undefined {
  const [front = '', back, ...more] = address.split('::');
  if (more.length > 0) return undefined;
  const before = hextetsOf(front);
  const after = hextetsOf(back ?? '');
  const missing = HEXTETS - before.length - after.length;
  if (back === undefined ? missing !== 0 : missing < 0) return undefined;
  const all = [...before, ...new Array<number>(missing).fill(0), ...after];
  return all.every((value) => value >= 0 && value <= 0xffff) ? all : undefined;
}

function hextetsOf(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((part) => {
    if (!part.includes('.')) return [/^[0-9a-f]{1,4}$/i.test(part) ? Number.parseInt(part, 16) : -1];
    const [a = -1, b = -1, c = -1, d = -1] = part.split('.').map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}
