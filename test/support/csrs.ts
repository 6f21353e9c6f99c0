import { readFileSync } from 'node:fs'

/** Reads a PEM CSR from testdata/csr. */
export function csr(name: string): string {
  return readFileSync(new URL(`../../testdata/csr/${name}.pem`, import.meta.url), 'utf8')
}
