/** `signet policy …`. */
import { Command } from 'commander'
import {
  listPolicies,
  putPolicy,
  removePolicy,
  type PolicyOwner,
} from '../../admin-commands/policies.ts'
import type { Flags } from '../../settings/config.ts'
import type { CommandContext } from '../shared/context.ts'
import { configOf, examples, ofAccount } from '../shared/config-flags.ts'
import { readPolicyFile } from '../shared/policy-file.ts'
import { printAnswer, withOutput, type OutputFlags } from '../shared/print.ts'

type PolicyFlags = Flags &
  OutputFlags & { readonly user?: string; readonly role?: string; readonly name: string }

export function policyCommand(context: CommandContext): Command {
  const group = new Command('policy').description('what users and roles may do')
  const ofPrincipal = (name: string): Command =>
    ofAccount(group, name)
      .option('--user <name>', 'user that has it')
      .option('--role <name>', 'role that has it')
  ofPrincipal('put')
    .description('give a user or role a policy, in place of one of the same name')
    .requiredOption('--name <name>', 'name of the policy')
    .requiredOption('--policy <file>', 'JSON identity policy')
    .addHelpText('after', examples('signet policy put --role issuer --name issue --policy p.json'))
    .action(async (flags: PolicyFlags & { readonly policy: string }) => {
      const policy = await readPolicyFile(context, flags.policy, {
        flag: '--policy',
        kind: 'identity',
      })
      return putPolicy(configOf(context, flags), ownerOf(flags), { name: flags.name, policy })
    })
  withOutput(ofPrincipal('list'))
    .description('list the policies of a user or role')
    .addHelpText('after', examples('signet policy list --user alice'))
    .action(async (flags: PolicyFlags) =>
      printAnswer(context, flags, await listPolicies(configOf(context, flags), ownerOf(flags))),
    )
  ofPrincipal('delete')
    .description('take a policy from a user or role')
    .requiredOption('--name <name>', 'name of the policy')
    .addHelpText('after', examples('signet policy delete --role issuer --name issue'))
    .action((flags: PolicyFlags) =>
      removePolicy(configOf(context, flags), ownerOf(flags), flags.name),
    )
  return group.helpCommand(false)
}

function ownerOf({ account, user, role }: PolicyFlags): PolicyOwner {
  return { accountId: account, userName: user, roleName: role }
}
