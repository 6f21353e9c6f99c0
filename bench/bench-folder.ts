/** Temporary folders that are removed at the end of their scope, or when a signal ends the benchmark. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const folders = new Set<BenchFolder>()

export class BenchFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'signet-bench-'))

  constructor() {
    folders.add(this)
  }

  file(name: string): string {
    return join(this.path, name)
  }

  [Symbol.dispose](): void {
    folders.delete(this)
    rmSync(this.path, { recursive: true, force: true })
  }
}

export function removeFolders(): void {
  for (const folder of folders) folder[Symbol.dispose]()
}
