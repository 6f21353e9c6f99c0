import type { Command } from 'commander'
import {
  listPolicies,
  putPolicy,
  removePolicy,
  type PolicyOwner,
} from '../../admin-commands/policies.ts'
import type { Flags } from '../../settings/config.ts'
import type { CommandContext } from '../shared/context.ts'
import { readPolicyFile } from '../shared/policy-file.ts'
import { ofAccount, SignetCommand, type Call } from '../shared/signet-command.ts'

type PolicyFlags = Flags & { readonly user?: string; readonly role?: string; readonly name: string }

export function policyCommand(context: CommandContext): Command {
  const group = new SignetCommand(context, 'policy')
  group.description('what users and roles may do')
  const ofPrincipal = (name: string): SignetCommand =>
    ofAccount(group, name)
      .option('--user <name>', 'user that has it')
      .option('--role <name>', 'role that has it')
  ofPrincipal('put')
    .description('give a user or role a policy, in place of one of the same name')
    .requiredOption('--name <name>', 'name of the policy')
    .requiredOption('--policy <file>', 'JSON identity policy')
    .examples('signet policy put --role issuer --name issue --policy p.json')
    .run(async ({ config, flags }: Call<PolicyFlags & { readonly policy: string }>) => {
      const policy = await readPolicyFile(context, flags.policy)
      return putPolicy(config, ownerOf(flags), { name: flags.name, policy })
    })
  ofPrincipal('list')
    .output()
    .description('list the policies of a user or role')
    .examples('signet policy list --user alice')
    .run(({ config, flags }: Call<PolicyFlags>) => listPolicies(config, ownerOf(flags)))
  ofPrincipal('delete')
    .description('take a policy from a user or role')
    .requiredOption('--name <name>', 'name of the policy')
    .examples('signet policy delete --role issuer --name issue')
    .run(({ config, flags }: Call<PolicyFlags>) => removePolicy(config, ownerOf(flags), flags.name))
  return group
}

function ownerOf({ account, user, role }: PolicyFlags): PolicyOwner {
  return { accountId: account, userName: user, roleName: role }
}
