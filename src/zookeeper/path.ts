// Which node paths the 3.8 server accepts, and how a path splits. Nothing else.

/** Code points no path may hold: controls, surrogates (so nothing outside the BMP), private use, specials. */
function forbidden(unit: number): boolean {
  return (
    unit <= 0x1f ||
    (unit >= 0x7f && unit <= 0x9f) ||
    (unit >= 0xd800 && unit <= 0xf8ff) ||
    (unit >= 0xfff0 && unit <= 0xffff)
  );
}

/** Whether a write to `path` passes the server's check. */
export function validPath(path: string): boolean {
  if (path === '/') return true;
  if (!path.startsWith('/') || path.endsWith('/')) return false;
  for (let i = 0; i < path.length; i++) if (forbidden(path.charCodeAt(i))) return false;
  return path
    .slice(1)
    .split('/')
    .every((name) => name !== '' && name !== '.' && name !== '..');
}

/** The parent's path ('/' for a top node) and the node's own name. */
export function splitPath(path: string): { parent: string; name: string } {
  const slash = path.lastIndexOf('/');
  return { parent: slash <= 0 ? '/' : path.slice(0, slash), name: path.slice(slash + 1) };
}
