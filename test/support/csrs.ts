import { readFileSync } from 'node:fs'

/** Reads a CSR from testdata/csr, in PEM. */
export function csr(name: string): string {
  return readFileSync(new URL(`../../testdata/csr/${name}.pem`, import.meta.url), 'utf8')
}
