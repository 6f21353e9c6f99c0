/** The kinds of key use and change that the record covers, and the service on which they run. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LeafKind } from '../../../src/record/leaf.ts'
import { command } from '../process.ts'
import type { CallOptions, Members, TestService } from '../service.ts'

export interface ExpectedLeaf {
  readonly kind: LeafKind
  /** The changed table, or the event. */
  readonly what?: string
  /** ARN or name of a principal; by default, the administrator or the command. */
  readonly who?: string
  /** The leaf's command, if it differs from the kind's name. */
  readonly command?: string
  /** Whether the row was deleted. The leaf of a deleted row has no state. */
  readonly isRemoval?: boolean
}

export interface RecordedKind {
  /** Name of an operation, a job, or a command with its subcommand. */
  readonly name: string
  /** Whether rows are removed. */
  readonly removes?: boolean
  readonly run: () => Promise<unknown>
  readonly leaves: readonly ExpectedLeaf[]
}

/** The user that ran `sudo`, in the environment of every command. */
export const sudoUser = 'carol'

export const change = (table: string, who?: string): ExpectedLeaf => ({
  kind: 'change',
  what: table,
  ...(who !== undefined && { who }),
})
export const removal = (table: string, who?: string): ExpectedLeaf => ({
  ...change(table, who),
  isRemoval: true,
})
export const event = (name: string): ExpectedLeaf => ({ kind: 'event', what: name })

/** Runs a command on a service's data, and returns the command's output. */
export async function admin(service: TestService, ...words: readonly string[]): Promise<Members> {
  const { code, stdout, stderr } = await command(
    [...words, '--data', service.config.dataDirectory],
    { SUDO_USER: sudoUser },
  )
  if (code !== 0) throw new Error(`${words.join(' ')}: ${stderr}`)
  return stdout === '' ? undefined : JSON.parse(stdout)
}

/** Creates a kind. By default, a kind runs the command that its name specifies. */
export type CreateKind = (
  name: string,
  leaves: readonly ExpectedLeaf[],
  run?: RecordedKind['run'],
) => RecordedKind

/** The service, and the root that the first kinds create. */
export class KindContext {
  readonly service: TestService
  /** Folder for files. */
  readonly folder: string
  root: { arn: string; csr: string } = { arn: '', csr: '' }

  constructor(service: TestService, folder: string) {
    this.service = service
    this.folder = folder
  }

  /** Writes a private file, and returns its path. */
  readonly file = (name: string, content: string): string => {
    writeFileSync(join(this.folder, name), content, { mode: 0o600 })
    return join(this.folder, name)
  }

  readonly arnOf = (user: string): string =>
    `arn:aws:iam::${this.service.config.accountId}:user/${user}`

  /** Calls an operation on the root. */
  readonly call = (operation: string, more: object, options?: CallOptions): Promise<Members> =>
    this.service.must(operation, { CertificateAuthorityArn: this.root.arn, ...more }, options)

  readonly cli = (line: string, ...more: readonly string[]): Promise<Members> =>
    admin(this.service, ...line.split(' '), ...more)

  readonly named: CreateKind = (name, leaves, run = () => this.cli(name)) => ({ name, leaves, run })

  readonly removing: CreateKind = (...kind) => ({ ...this.named(...kind), removes: true })
}
