/** `signet oidc-provider …`. */
import { Command } from 'commander'
import {
  addIdentityProvider,
  changeIdentityProvider,
  listAllIdentityProviders,
  removeIdentityProvider,
  type ProviderOptions,
} from '../../admin-commands/identity-providers.ts'
import type { Flags } from '../../settings/config.ts'
import type { CommandContext } from '../shared/context.ts'
import { readTextFile } from '../shared/policy-file.ts'
import { printAnswer, withOutput, type OutputFlags } from '../shared/print.ts'
import { configOf, examples, listOf, ofAccount, severalOf } from '../shared/config-flags.ts'

type ProviderFlags = Flags &
  OutputFlags & { readonly audience?: readonly string[]; readonly jwks?: string }

export function oidcProviderCommand(context: CommandContext): Command {
  const group = new Command('oidc-provider').description(
    'OpenID Connect issuers whose tokens roles may be taken on with',
  )
  withOptions(withOutput(ofAccount(group, 'create')))
    .description('let roles of an account trust an issuer')
    .argument('<issuer>', 'URL, as tokens name it in iss')
    .addHelpText(
      'after',
      examples(
        'signet oidc-provider create https://token.actions.githubusercontent.com --audience signet',
        'signet oidc-provider create https://kubernetes.default.svc.cluster.local \\\n' +
          '    --audience signet --jwks jwks.json',
      ),
    )
    .action(async (issuer: string, flags: ProviderFlags) => {
      const name = { accountId: flags.account, issuer }
      printAnswer(
        context,
        flags,
        await addIdentityProvider(configOf(context, flags), name, await optionsOf(flags)),
      )
    })
  withOutput(listOf(group))
    .description('list issuers that are trusted')
    .addHelpText('after', examples('signet oidc-provider list'))
    .action(async (flags: ProviderFlags) =>
      printAnswer(
        context,
        flags,
        await listAllIdentityProviders(configOf(context, flags), flags.account),
      ),
    )
  withOptions(ofAccount(group, 'update'))
    .description('change what tokens are for, or their keys; what is not said stays')
    .argument('<issuer>')
    .addHelpText(
      'after',
      examples('signet oidc-provider update https://ci.example.com --jwks k.json'),
    )
    .action(async (issuer: string, flags: ProviderFlags) =>
      changeIdentityProvider(
        configOf(context, flags),
        { accountId: flags.account, issuer },
        await optionsOf(flags),
      ),
    )
  ofAccount(group, 'delete')
    .description('trust an issuer no more')
    .argument('<issuer>')
    .addHelpText('after', examples('signet oidc-provider delete https://ci.example.com'))
    .action((issuer: string, flags: ProviderFlags) =>
      removeIdentityProvider(configOf(context, flags), { accountId: flags.account, issuer }),
    )
  return group.helpCommand(false)
}

function withOptions(command: Command): Command {
  return command
    .option(
      '--audience <text>',
      'what tokens must be for, in aud; several times for several',
      severalOf,
    )
    .option(
      '--jwks <file>',
      'JSON Web Key Set of the issuer, where it cannot be asked; an empty file to have it asked',
    )
}

async function optionsOf({ audience, jwks }: ProviderFlags): Promise<ProviderOptions> {
  return {
    ...(audience !== undefined && { audiences: audience }),
    ...(jwks !== undefined && { keySet: (await readTextFile('--jwks', jwks)).trim() }),
  }
}
