/** Bytes are not the DER, or the text not the PEM, that they should be. */
export class DerError extends Error {
  override name = 'DerError'
}
