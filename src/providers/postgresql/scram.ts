/**
 * The SCRAM-SHA-256 verifier that PostgreSQL keeps instead of a password (RFC 5802 section 3, RFC 7677), made here so
 * that the clear password reaches neither the server nor its log.
 *
 * SASLprep (RFC 4013) is not applied: it changes only characters beyond ASCII, and the passwords that we choose have none.
 */

const iterations = 4096;

type Bytes = Uint8Array<ArrayBuffer>;

async function hmac(key: Bytes, text: string): Promise<Bytes> {
  const imported = await crypto.subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  return new Uint8Array(await crypto.subtle.sign('HMAC', imported, new TextEncoder().encode(text)));
}

const sha256 = async (bytes: Bytes): Promise<Bytes> => new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));

const base64 = (bytes: Bytes): string => btoa(String.fromCharCode(...bytes));

/** `salted` is any text; the salt is made from it, so that the same call gives the same verifier. */
export async function scramVerifier(password: string, salted: string): Promise<string> {
  if (!/^[\x21-\x7e]+$/.test(password)) throw new Error('only a password in printable ASCII needs no SASLprep');
  const salt = (await sha256(new TextEncoder().encode(`mcp-rotate scram salt ${salted}`))).slice(0, 16);
  const key = await crypto.subtle.importKey('raw', new TextEncoder().encode(password), 'PBKDF2', false, ['deriveBits']);
  const derived = await crypto.subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt, iterations }, key, 256);
  const saltedPassword = new Uint8Array(derived);
  const storedKey = await sha256(await hmac(saltedPassword, 'Client Key'));
  const serverKey = await hmac(saltedPassword, 'Server Key');
  return `SCRAM-SHA-256$${iterations}:${base64(salt)}$${base64(storedKey)}:${base64(serverKey)}`;
}
