/** Commands of `signet acme`, which manage endpoints for ACME clients, and their EAB keys, accounts and orders. */
import { Option, type Command } from 'commander'
import { addEndpoint, changeEndpoint } from '../../admin-commands/enrollment/endpoints.ts'
import { challengeTypes, type AcmeConfiguration } from '../../enrollment/endpoint.ts'
import {
  accountSubcommands,
  eabSubcommands,
  orderSubcommands,
} from '../enrollment/acme-subcommands.ts'
import {
  addEndpointSubcommands,
  challengesText,
  commonOptionsOf,
  printChanged,
  withEndpointFlags,
  type EndpointFlags,
} from '../enrollment/endpoint-subcommands.ts'
import { severalOf } from '../shared/config-flags.ts'
import type { CommandContext } from '../shared/context.ts'
import { SignetCommand, storageCommand, type Call } from '../shared/signet-command.ts'
import type { Column } from '../shared/table.ts'

interface AcmeFlags extends EndpointFlags {
  readonly challenges?: string
  readonly eab?: AcmeConfiguration['eab']
  readonly profile?: readonly string[]
}

const columns: readonly Column[] = [
  {
    key: 'Challenges',
    header: 'CHALLENGES',
    text: challengesText,
  },
  { key: 'ExternalAccountBinding', header: 'EAB', shrink: 'never' },
]

export function acmeCommand(context: CommandContext): Command {
  const group = new SignetCommand(context, 'acme')
  group.description('Manage ACME endpoints, from which clients such as certbot obtain certificates')
  withAcmeFlags(storageCommand(group, 'create').output(), true)
    .description('Create an ACME endpoint')
    .argument('<name>', 'name of the endpoint, which is part of its URL')
    .examples(
      "signet acme create web --ca 'Example Issuing CA' --names '*.corp.example,10.0.0.0/8'",
      "signet acme create lab --ca 'Example Issuing CA' --challenges none --names '*.lab.example'",
      "signet acme create web --ca 'Example Issuing CA' --profile short=7d --profile client=30d,EndEntityClientAuthCertificate",
    )
    .run(
      async (call: Call<AcmeFlags>, name: string) => {
        const { config, flags } = call
        const options = { ...optionsOf(flags), ca: flags.ca ?? '' }
        printChanged(context, call, await addEndpoint(config, name, options))
      },
      {
        next: (name) => [`signet acme show ${name}`],
      },
    )
  addEndpointSubcommands(group, 'acme', columns)
  withAcmeFlags(storageCommand(group, 'update').output(), false)
    .description(
      'Update an ACME endpoint. Omitted options keep their values. A new CA also applies to orders that are not finalized',
    )
    .argument('<name>')
    .examples(
      'signet acme update web --validity 45d',
      "signet acme update web --ca 'Example Issuing CA 2'",
      'signet acme update web --profile none',
    )
    .run(async (call: Call<AcmeFlags>, name: string) =>
      printChanged(context, call, await changeEndpoint(call.config, name, optionsOf(call.flags))),
    )
  eabSubcommands(group)
  accountSubcommands(group)
  orderSubcommands(group)
  return group
}

function withAcmeFlags(command: SignetCommand, isNew: boolean): SignetCommand {
  const template = 'EndEntityServerAuthCertificate'
  const byDefault = (text: string): string => (isNew ? ` (default: ${text})` : '')
  return withEndpointFlags(command, { isNew, template })
    .option(
      '--challenges <list>',
      `challenges that clients can choose from: ${challengeTypes.join(', ')}; or none, to issue without proof of control${byDefault('all')}`,
    )
    .addOption(
      new Option(
        '--eab <mode>',
        `whether clients need an EAB key (external account binding) to create accounts${byDefault('off; required with --challenges none')}`,
      ).choices(['required', 'optional', 'off']),
    )
    .option(
      '--profile <name=validity[,template]>',
      `profile that clients can choose; repeatable${isNew ? '' : '. Replaces all profiles; none removes them'}`,
      severalOf,
    )
}

function optionsOf(flags: AcmeFlags) {
  const { challenges, eab, profile: profiles } = flags
  return { protocol: 'acme' as const, ...commonOptionsOf(flags), challenges, eab, profiles }
}
