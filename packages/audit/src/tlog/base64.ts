/** Bytes of standard base64 with all of its padding and no stray bits; undefined for anything else, which Buffer.from would take. */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  // Two texts for the same bytes would be two notes with one signature.
  return bytes.toString('base64') === text ? bytes : undefined
}
