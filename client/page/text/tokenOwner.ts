// Who a user's token says that it is of, for the person who reads it: no server has checked it yet.

/** Claims in which providers put a name (OpenID Connect Core 5.1), the most telling first. */
const NAMES = ['name', 'preferred_username', 'email', 'sub'];
const MAX_LENGTH = 100;

/** Undefined for a token that names nobody, or is no JWT (RFC 7519). */
export function tokenOwner(token: string): string | undefined {
  const claims = claimsOf(token);
  const name = NAMES.map((claim) => claims[claim]).find(
    (value) => typeof value === 'string' && value.trim() !== '',
  );
  return typeof name === 'string' ? name.trim().slice(0, MAX_LENGTH) : undefined;
}

function claimsOf(token: string): Readonly<Record<string, unknown>> {
  try {
    const base64 = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/');
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof claims === 'object' && claims !== null ? (claims as Record<string, unknown>) : {};
  } catch {
    // Whatever it is, the server will say so.
    return {};
  }
}

/** What the lobby says of it. */
export function signedInText(token: string): string {
  const owner = tokenOwner(token);
  return `${owner === undefined ? 'You are signed in' : `You are signed in as ${owner}`}. Not you? Reload this page.`;
}
