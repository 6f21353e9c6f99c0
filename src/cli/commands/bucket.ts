/** `signet bucket …`: buckets of the embedded object store. */
import { Command } from 'commander'
import {
  addBucket,
  listAllBuckets,
  listObjectsOf,
  readObject,
  removeBucket,
  removeObject,
} from '../../admin-commands/buckets.ts'
import type { CommandContext } from '../shared/context.ts'
import {
  accountId,
  configOf,
  examples,
  storageSettings,
  withSettings,
} from '../shared/config-flags.ts'
import { printAnswer, withOutput, type OutputFlags } from '../shared/print.ts'
import type { Flags } from '../../settings/config.ts'

export function bucketCommand(context: CommandContext): Command {
  const group = new Command('bucket').description(
    'buckets in the data folder, for CRLs and reports',
  )
  withOutput(withSettings(group.command('create'), storageSettings))
    .description('create a bucket, which CAs of one account may write to')
    .argument('<name>', 'name by the rules of S3')
    .option('--account <id>', 'account that owns it (default: the oldest)', accountId)
    .addHelpText('after', examples('signet bucket create my-crls'))
    .action(async (name: string, flags: Flags & OutputFlags) =>
      printAnswer(context, flags, await addBucket(configOf(context, flags), name, flags.account)),
    )
  withOutput(withSettings(group.command('list'), storageSettings))
    .description('list buckets')
    .addHelpText('after', examples('signet bucket list'))
    .action(async (flags: Flags & OutputFlags) =>
      printAnswer(context, flags, await listAllBuckets(configOf(context, flags))),
    )
  withSettings(group.command('delete'), storageSettings)
    .description('delete an empty bucket')
    .argument('<name>')
    .addHelpText('after', examples('signet bucket delete my-crls'))
    .action((name: string, flags: Flags & OutputFlags) =>
      removeBucket(configOf(context, flags), name),
    )
  addObjectCommands(group, context)
  addObjectRemoval(group, context)
  return group.helpCommand(false)
}

function addObjectCommands(group: Command, context: CommandContext): void {
  withOutput(withSettings(group.command('objects'), storageSettings))
    .description('list the objects in a bucket')
    .argument('<name>')
    .addHelpText('after', examples('signet bucket objects my-crls'))
    .action(async (name: string, flags: Flags & OutputFlags) =>
      printAnswer(context, flags, await listObjectsOf(configOf(context, flags), name)),
    )
  withSettings(group.command('get'), storageSettings)
    .description('write the content of an object to standard output, or to a file')
    .argument('<name>')
    .argument('<key>')
    .option('--out <file>', 'file to write, which must not be there')
    .addHelpText(
      'after',
      examples('signet bucket get my-crls crl/….crl | openssl crl -inform DER -text'),
    )
    .action((bucket: string, key: string, flags: Flags & { readonly out?: string }) =>
      readObject(configOf(context, flags), { bucket, key }, flags.out ?? context.stdout),
    )
}

function addObjectRemoval(group: Command, context: CommandContext): void {
  withSettings(group.command('delete-object'), storageSettings)
    .description('delete an object; a CRL that is in use comes again with its next publication')
    .argument('<name>')
    .argument('<key>')
    .addHelpText(
      'after',
      examples('signet bucket delete-object my-crls acm-pca-permission-test-key'),
    )
    .action((bucket: string, key: string, flags: Flags & OutputFlags) =>
      removeObject(configOf(context, flags), { bucket, key }),
    )
}
