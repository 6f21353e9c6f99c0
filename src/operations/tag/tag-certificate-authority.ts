import { recorded } from '../../store/recorded-states.ts'
import { requireTags } from '../../authority/tags.ts'
import { ServiceError } from '../../errors.ts'
import { ConflictError } from '../../store/database.ts'
import { putTag, requireTagCount } from '../../store/tags.ts'
import { required, structure } from '../../wire/shapes/shape.ts'
import { authorityOperation } from '../shared/authority-operation.ts'
import { arn, tagList } from '../shared/shapes.ts'
import { tagKeys, tagOf } from './tag-view.ts'

/** Adds tags to a CA and replaces the values of existing tags (AWS Private CA API, TagCertificateAuthority). */
export const tagCertificateAuthority = authorityOperation({
  name: 'TagCertificateAuthority',
  input: structure({
    CertificateAuthorityArn: required(arn),
    Tags: required(tagList),
  }),
  output: undefined,
  errors: [
    'ResourceNotFoundException',
    'InvalidArnException',
    'InvalidStateException',
    'InvalidTagException',
    'TooManyTagsException',
  ],
  resource: (input) => input.CertificateAuthorityArn,
  conditionKeys: tagKeys,
  event: 'administer',
  async run(services, input, { authority, caller, now }) {
    const tags = input.Tags.map(tagOf)
    requireTags(tags)
    const { tagsPerAuthority } = services.quotas
    try {
      const context = { time: now, actor: { principal: caller.arn }, authority: authority.number }
      await services.db.transaction(
        recorded(
          [
            ...tags.map((tag) => putTag(authority.id, tag)),
            requireTagCount(authority.number, tagsPerAuthority),
          ],
          context,
        ),
      )
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error
      throw new ServiceError(
        'TooManyTagsException',
        `A certificate authority cannot have more than ${tagsPerAuthority} tags.`,
        { cause: error },
      )
    }
  },
})
