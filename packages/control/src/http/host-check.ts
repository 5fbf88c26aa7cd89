/** The name in a Host header, without its port; null when it is not one. */
function hostName(host: string): string | null {
  const match = /^(\[[0-9a-fA-F:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(?::[0-9]{1,5})?$/.exec(host);
  return match?.[1]?.toLowerCase().replace(/\.$/, '') ?? null;
}

/** Whether a Host header names this machine by a loopback name. */
export function isLoopbackHost(host: string): boolean {
  const name = hostName(host);
  if (name === null) return false;
  return name === 'localhost' || name === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(name);
}

/**
 * Decides by which names the admin listener may be called. A page in a browser can make any name of its own point at 127.0.0.1, but it
 * cannot choose the Host header: what is not on the list is refused.
 */
export function createHostCheck(allowed: readonly string[]): (host: string) => boolean {
  const names = new Set(allowed.map((name) => name.toLowerCase().replace(/\.$/, '')));
  return (host) => {
    if (isLoopbackHost(host)) return true;
    const name = hostName(host);
    return name !== null && (names.has(name) || names.has(name.replaceAll(/[[\]]/g, '')));
  };
}

/** Whether an address is the machine's own. */
export function isLoopbackAddress(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(address);
}
