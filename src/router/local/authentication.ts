// Who is let in: one user, `default`, with the password of the setting `requirepass`, if there is one.
// Must never compare passwords in a time that depends on where they differ.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { ClientState } from './client.js';
import type { Settings } from './settings.js';

/** What a client hears that sends anything but AUTH, HELLO, QUIT or RESET while authRequired(). */
export const NOAUTH = 'NOAUTH Authentication required.';

/** Whether this client must give the password before it may do anything else. */
export function authRequired(client: ClientState, server: { readonly settings: Settings }): boolean {
  return !client.authenticated && server.settings.values.requirepass !== '';
}

const FREE = ['auth', 'hello', 'quit', 'reset'];

/** Whether the command is refused with NOAUTH. @param row absent: no such command */
export function mustAuthenticate(
  client: ClientState,
  server: { readonly settings: Settings },
  row: { readonly name: string } | undefined,
): boolean {
  return authRequired(client, server) && !FREE.includes(row?.name ?? '');
}

/** A client that connects, or RESETs, while no password is configured stays welcome if one is set later. */
export function resetAuthentication(client: ClientState, settings: Settings): void {
  client.authenticated = settings.values.requirepass === '';
}

const digest = (text: string) => createHash('sha256').update(text, 'latin1').digest();

/** Checks a login; when it is right, the client is authenticated. */
export function authenticate(
  client: ClientState,
  settings: Settings,
  user: string,
  password: string,
): boolean {
  if (user !== 'default') return false;
  const { requirepass } = settings.values;
  if (requirepass !== '' && !timingSafeEqual(digest(requirepass), digest(password))) return false;
  client.authenticated = true;
  return true;
}
