let last = 0;

/** Session ids count up from 1 in this process, over all transports. */
export function nextSessionId(): number {
  last += 1;
  return last;
}
