import { InvalidArgumentError, type Command } from 'commander'
import { proveLeaf, showLog, showLogKey, verifyLogOf } from '../../admin-commands/log.ts'
import { witnessLog, type WitnessOptions } from '../../client-commands/log-witness.ts'
import { showRecord, type RecordFilters } from '../../client-commands/server-information.ts'
import { systemClock } from '../../clock.ts'
import type { Flags } from '../../settings/config.ts'
import { clearProgress, showProgress } from '../../terminal.ts'
import { configOf } from '../shared/config-flags.ts'
import type { CommandContext } from '../shared/context.ts'
import { orApi, readFrom, type SourceFlags } from '../shared/data-or-api.ts'
import { printResult, type OutputFlags } from '../shared/print.ts'
import { SignetCommand, storageCommand, type Call } from '../shared/signet-command.ts'
import type { Column } from '../shared/table.ts'

type ShowFlags = SourceFlags & RecordFilters

type WitnessFlags = Pick<WitnessOptions, 'key' | 'state'>

type ProveFlags = Flags & { readonly serial?: string; readonly ca?: string }

const columns: readonly Column[] = [
  { key: 'Leaf', shrink: 'never' },
  { key: 'Time', shrink: 'never' },
  { key: 'Kind', shrink: 'never' },
  { key: 'Who', text: ({ Principal, User }) => textOf(Principal ?? User) },
  { key: 'What', text: whatText },
]

function whatText(row: Readonly<Record<string, unknown>>): string {
  const { Command: command, Table: table, Key: key, SerialNumber: serial, Detail: detail } = row
  if (typeof command === 'string' && table === undefined) return command
  if (typeof table === 'string') return `${table} ${JSON.stringify(key ?? '')}`
  return textOf(serial ?? detail)
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function count(text: string): number {
  const value = /^\d{1,7}$/.test(text) ? Number(text) : 0
  if (value < 1) throw new InvalidArgumentError('The value must be a number from 1 to 9999999.')
  return value
}

export function logCommand(context: CommandContext): Command {
  const group = new SignetCommand(context, 'log')
  group.description('Show and verify the tamper-evident record')
  addShow(group)
  storageCommand(group, 'verify')
    .output()
    .description('Verify all leaves and tiles against the signed checkpoint')
    .examples('signet log verify --data /var/lib/signet')
    .action(async (flags: Flags & OutputFlags) => {
      const report = await verifyLogOf(configOf(context, flags), (leaves) =>
        showProgress(context.stderr, `${leaves} leaves`),
      )
      clearProgress(context.stderr)
      printResult(context, flags, { value: report })
      if (!report.Ok) throw new Error(`problems found: ${report.ProblemCount}`)
    })
  storageCommand(group, 'prove')
    .output()
    .description('Prove that a leaf is in the tree of the newest checkpoint')
    .argument('[leaf]', 'number of the leaf')
    .option('--serial <hex>', 'serial number of a certificate, instead of the number of a leaf')
    .option('--ca <arn>', 'ARN or ID of the CA that issued the certificate')
    .examples('signet log prove 17', 'signet log prove --serial 5f:0a:…')
    .run(({ config, flags }: Call<ProveFlags>, leaf) =>
      proveLeaf(config, { leaf, serial: flags.serial, ca: flags.ca }),
    )
  storageCommand(group, 'key')
    .output()
    .description('Print the public key of the record, for witnesses')
    .examples('signet log key')
    .run(({ config }) => showLogKey(config))
  group
    .command('witness')
    .output()
    .description("Verify that a server's record is append-only, and store the checkpoints")
    .argument('<url>', 'URL of the log, which is the public URL of the server followed by /log')
    .requiredOption('--key <key>', 'public key of the record, from "signet log key"')
    .requiredOption('--state <file>', 'file in which the checkpoints are stored')
    .examples('signet log witness http://pki.example/log --key "$KEY" --state checkpoints.jsonl')
    .action(async (url: string, flags: OutputFlags & WitnessFlags) => {
      const { key, state } = flags
      const value = await witnessLog({ url, key, state, now: systemClock.now() })
      printResult(context, flags, { value })
    })
  return group
}

function addShow(group: SignetCommand): void {
  const { context } = group
  orApi(storageCommand(group, 'show'))
    .output()
    .description('List the leaves of the record that match all filters')
    .option('--principal <text>', 'part of the name of the principal or operating system user')
    .option('--ca <arn>', 'ARN or ID of a CA')
    .option('--serial <hex>', 'serial number of a certificate')
    .option('--kind <kind>', 'kind of leaf, such as certificate or revocation')
    .option('--since <time>', 'earliest time, for example 2026-01-31T12:00:00Z')
    .option('--until <time>', 'latest time (exclusive), for example 2026-01-31T12:00:00Z')
    .option(
      '--limit <number>',
      'maximum number of leaves to show, starting with the newest',
      count,
      100,
    )
    .examples(
      'signet log show --principal user/alice',
      'signet log show --kind revocation --endpoint https://ca.example.com:8080',
    )
    .action(async (flags: ShowFlags) => {
      const value = await readFrom(
        group,
        { flags },
        {
          data: () => showLog(configOf(context, flags), flags),
          api: (client) => showRecord(client, flags),
        },
      )
      printResult(context, flags, { value, columns })
    })
}
