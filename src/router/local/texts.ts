// Error texts that several commands share, word for word as Redis has them.

export const SYNTAX = 'ERR syntax error';
export const NOT_INTEGER = 'ERR value is not an integer or out of range';
export const WRONG_PASSWORD = 'WRONGPASS invalid username-password pair or user is disabled.';
export const BAD_NAME = 'ERR Client names cannot contain spaces, newlines or special characters.';
