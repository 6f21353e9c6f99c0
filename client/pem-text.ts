/** PEM that can be put behind other PEM: what the service answers ends without a line end. */
export function withLineEnd(pem: string): string {
  return pem === '' || pem.endsWith('\n') ? pem : `${pem}\n`
}
